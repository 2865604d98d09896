// The middle of the feed-forward: bias and activation, with or without a gate, forward and
// backward; without bias where the product's epilogue has added it. Going forward, what is no
// number stays none. Sums in float, T = float or Bf16. Widths are multiples of 8, memory is aligned
// to 16 bytes; another width throws InputError.
#pragma once
#include <cstdint>

#include "model/kernels/cuda/device.h"
#include "model/spec/model_spec.h"

namespace isoloss::device {

struct ActivationShape {
  Activation activation = Activation::Relu;
  bool gated = false;
  std::int64_t rows = 0;
  std::int64_t width = 0;  // of y
};

// y = act(z + bias), or gated act(z_gate + bias_gate) * (z_in + bias_in). z [rows, width], gated
// [rows, 2 width]: gate, then in; bias (null: none) as a row of z; y [rows, width].
template <typename T>
void activation_forward(Stream& stream, const ActivationShape& shape, const T* z, const float* bias,
                        T* y);

// Floats of scratch memory for a backward pass.
std::int64_t activation_scratch(const ActivationShape& shape);

// dz [as z] from dy [rows, width]; dz may be z, and without a gate dy. d_bias [a row of z] is added
// to; null: not wanted, and no scratch needed.
template <typename T>
void activation_backward(Stream& stream, const ActivationShape& shape, const T* z,
                         const float* bias, const T* dy, T* dz, float* d_bias, float* scratch);

}  // namespace isoloss::device
