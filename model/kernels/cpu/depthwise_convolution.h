// Causal depthwise convolution of Q, K and V in one pass: y_t = sum over taps s of w_s x_{t-s} for
// every channel, zeros before the sequence. The plain version is depthwise_convolution() of
// model/layers/sublayers.h. One thread, fixed order of summation.
#pragma once
#include <cstdint>

namespace isoloss {

// x and y are [batch, length, parts * width]; weights are [parts, taps, width].
struct ConvolutionShape {
  std::int64_t batch = 0;
  std::int64_t length = 0;
  std::int64_t parts = 0;
  std::int64_t taps = 0;
  std::int64_t width = 0;
};

template <typename Real>
void convolution_forward(const ConvolutionShape& shape, const Real* x, const Real* weights,
                         Real* y);

// Overwrites dx and adds to d_weights.
template <typename Real>
void convolution_backward(const ConvolutionShape& shape, const Real* x, const Real* weights,
                          const Real* dy, Real* dx, Real* d_weights);

}  // namespace isoloss
