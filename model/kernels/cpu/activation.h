// The middle of a feed-forward: bias, activation and gate in one pass, and back. The plain version
// is feed_forward() of model/layers/sublayers.h. A column is one thread's, so bits depend on no
// thread count.
#pragma once
#include <cstdint>

#include "model/kernels/cpu/stored.h"
#include "model/spec/model_spec.h"

namespace isoloss {

struct ActivationShape {
  std::int64_t rows = 0;
  std::int64_t width = 0;  // of the result
  Activation activation = Activation::Relu;
  bool gated = false;
};

// Writes act(before + bias), or act(gate + bias) * (in + bias), to `after`, [rows, width]. `before`
// is [rows, width], or with a gate [rows, 2 width] (gate first); `bias` may be null (zero).
template <typename Stored>
void activation_forward(const ActivationShape& shape, const RealOf<Stored>* bias,
                        const Stored* before, Stored* after);

// Overwrites d_before (without a gate it may be d_after) and adds to d_bias, null where bias is.
template <typename Stored>
void activation_backward(const ActivationShape& shape, const RealOf<Stored>* bias,
                         const Stored* before, const Stored* d_after, Stored* d_before,
                         RealOf<Stored>* d_bias);

}  // namespace isoloss
