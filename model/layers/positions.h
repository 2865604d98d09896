// Positions that have no weights: rotary (Su et al. 2021, arXiv 2104.09864, in Llama's layout) and
// sinusoidal (Vaswani et al. 2017, section 3.5, in Tensor2Tensor's layout).
#pragma once
#include <ATen/core/Tensor.h>

#include "model/spec/model_spec.h"

namespace isoloss {

// x [batch, heads, length, d_head] with channel pairs (i, i + d_head / 2) turned by the angle
// p base^(-2 i / d_head); `positions` p [length] or [batch, 1, length].
at::Tensor rotated(const ModelSpec& spec, const at::Tensor& positions, const at::Tensor& x);

// [..., d_model] of positions p [...]: the first half of the channels sines, the second cosines of
// p / scale, scales geometric from 1 to 10,000 (get_timing_signal_1d of Tensor2Tensor).
at::Tensor timing_signal(const ModelSpec& spec, const at::Tensor& positions,
                         const at::TensorOptions& options);

}  // namespace isoloss
