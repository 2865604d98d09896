// What the leader of a block of ranks tells the others: to train a run with it, to go on in two
// halves, or that nothing is left for them.
#pragma once
#include <cstddef>
#include <variant>

#include "harness/training/trainer.h"
#include "model/parallel/communicator.h"
#include "sweeps/layout.h"

namespace isoloss {

struct TrainingOrder {
  std::size_t run = 0;   // index in the plan
  RankLayout layout;     // of the block's ranks
  bool resumes = false;  // from a state that the leader restores
  TrainingSegment segment;
  int attempt = 1;  // the number that a failure of it gets, on whichever of the ranks
};
struct SplitOrder {};
struct LeaveOrder {};
using BlockOrder = std::variant<TrainingOrder, SplitOrder, LeaveOrder>;

// Collective over the block: rank 0 gives the order, the others take it. Their stops have steps
// alone: nobody but the leader stores what is evaluated.
void give_order(const BlockOrder& order, Communicator& block);
BlockOrder take_order(Communicator& block);

}  // namespace isoloss
