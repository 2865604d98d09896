// Causal depthwise convolution (So et al. 2021, figure 4) of Q, K and V in one pass over their
// adjacent projections, with the projections' biases before it and constant factors after it:
//   y[t, c] = factor sum over taps s <= t of w[s, c] (x[t - s, c] + bias[c])
// within each sequence; a part without taps is y = factor (x + bias). T = float or Bf16, sums in
// float. Widths are multiples of 8, memory is aligned to 16 bytes; others throw InputError.
#pragma once
#include <array>
#include <cstdint>

#include "model/kernels/cuda/device.h"

namespace isoloss::device {

struct ConvolutionPart {
  std::int64_t width = 0;       // columns of this part
  const float* taps = nullptr;  // [taps, channels]: row s multiplies the input s steps ago; null
  std::int64_t channels = 0;    // width, or that of a head where heads share the filter
  float factor = 1;
};

// Parts lie beside each other in x and y, [batch * length, sum of widths].
struct ConvolutionShape {
  std::int64_t batch = 0;
  std::int64_t length = 0;
  std::int64_t taps = 0;                 // of every part that has any
  std::array<ConvolutionPart, 3> parts;  // width 0: not there; the others come first
};

// x and y must be different memory; bias [sum of widths] may be null.
template <typename T>
void convolution_forward(Stream& stream, const ConvolutionShape& shape, const T* x,
                         const float* bias, T* y);

// Floats of scratch memory for a backward pass.
std::int64_t convolution_scratch(const ConvolutionShape& shape);

// dx [as x] from dy, different memory. d_taps of each part [taps, channels] (null where the part
// has none) and d_bias [sum of widths] (null where there is none) are added to.
template <typename T>
void convolution_backward(Stream& stream, const ConvolutionShape& shape, const T* x,
                          const float* bias, const T* dy, T* dx,
                          const std::array<float*, 3>& d_taps, float* d_bias, float* scratch);

}  // namespace isoloss::device
