// What one rank has of a training state in flat buffers: its shard of the weights and its share of
// the optimizer's state. How that becomes the part of a checkpoint that the rank saves, and how
// whole tensors become it, whichever kind of memory the buffers are copies of.
#pragma once
#include <span>

#include "harness/ranks/rank_groups.h"
#include "harness/training/state_tensors.h"
#include "model/spec/parameters.h"

namespace isoloss {

template <typename Real>
struct RankPart {
  const ParameterTable& weight_table;  // of this rank's shard
  std::span<Real> weights;
  const ParameterTable& state_table;  // of the tensors that this rank updates
  std::span<Real> state;
};

// What this rank saves. Weights are on every data rank, the optimizer's state is where it is not
// `shared`, and a tensor that is not split is on every tensor rank: the first of them saves it. A
// rank alone has `whole`.
template <typename Real>
StatePart saved_part(const RankGroups& ranks, const StateTables& whole,
                     const RankPart<const Real>& mine, bool shared);

// Collective over all ranks: fills the rank's part from every whole tensor in turn, which the
// leading rank's `fill` gives.
template <typename Real>
void take_part(const RankGroups& ranks, const StateTables& whole, const RankPart<Real>& mine,
               const TensorSource& fill);

}  // namespace isoloss
