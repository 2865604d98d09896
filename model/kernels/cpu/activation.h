// The middle of a feed-forward: bias, activation and gate in one pass, and back. The plain version
// is feed_forward() of model/layers/sublayers.h. One thread, fixed order of summation.
#pragma once
#include <cstdint>

#include "model/spec/model_spec.h"

namespace isoloss {

struct ActivationShape {
  std::int64_t rows = 0;
  std::int64_t width = 0;  // of the result
  Activation activation = Activation::Relu;
  bool gated = false;
};

// Adds `bias` to `before` in place, [rows, width] or with a gate [rows, 2 width] (gate first), and
// writes act(before), or act(gate) * in, to `after`, [rows, width].
template <typename Real>
void activation_forward(const ActivationShape& shape, const Real* bias, Real* before, Real* after);

// Overwrites d_before (without a gate it may be d_after) and adds to d_bias.
template <typename Real>
void activation_backward(const ActivationShape& shape, const Real* before, const Real* d_after,
                         Real* d_before, Real* d_bias);

}  // namespace isoloss
