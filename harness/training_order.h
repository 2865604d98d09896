// What the leader of a block of ranks, which holds the claim, tells the others to train with it.
#pragma once
#include <cstddef>
#include <optional>

#include "harness/trainer.h"
#include "model/parallel/communicator.h"

namespace isoloss {

struct TrainingOrder {
  std::size_t run = 0;   // index in the plan
  bool resumes = false;  // from a state that the leader restores
  TrainingSegment segment;
};

// Collective over the block: rank 0 gives the order, or none where nothing is left; the others take
// it. Their stops have steps alone: nobody but the leader stores what is evaluated.
void give_order(const std::optional<TrainingOrder>& order, Communicator& block);
std::optional<TrainingOrder> take_order(Communicator& block);

}  // namespace isoloss
