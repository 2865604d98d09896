// The seams of tensor parallelism (Shoeybi et al. 2019, arXiv 1909.08053, figure 3: f and g) as
// autograd operations. With `ranks` null, or a group of one, both return their argument.
#pragma once
#include <ATen/core/Tensor.h>

#include <cstdint>

#include "model/parallel/communicator.h"

namespace isoloss {

// What every rank of the group reads: the argument going forward, the sum of the ranks' gradients
// going backward.
at::Tensor shared_by_ranks(const at::Tensor& x, Communicator* ranks);

// What every rank adds a part to: the sum of the ranks' arguments going forward, the gradient
// itself going backward.
at::Tensor sum_over_ranks(const at::Tensor& x, Communicator* ranks);

// The ranks' arguments side by side along the last axis, of `extent` over all ranks, of which each
// has its range (model/spec/shard.h); going backward, each rank's own part of the sum of the ranks'
// gradients.
at::Tensor gather_over_ranks(const at::Tensor& x, std::int64_t extent, Communicator* ranks);

}  // namespace isoloss
