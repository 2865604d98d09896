// Causal depthwise convolution of Q, K and V in one pass: y_t = sum over taps s of w_s x_{t-s} for
// every channel, zeros before the sequence. The plain version is depthwise_convolution() of
// model/layers/sublayers.h. A channel is one thread's, so bits depend on no thread count.
#pragma once
#include <cstdint>

#include "model/kernels/cpu/stored.h"

namespace isoloss {

// x and y are [batch, length, parts * width]; weights are [parts, taps, width].
struct ConvolutionShape {
  std::int64_t batch = 0;
  std::int64_t length = 0;
  std::int64_t parts = 0;
  std::int64_t taps = 0;
  std::int64_t width = 0;
};

template <typename Stored>
void convolution_forward(const ConvolutionShape& shape, const Stored* x,
                         const RealOf<Stored>* weights, Stored* y);

// Overwrites dx and adds to d_weights.
template <typename Stored>
void convolution_backward(const ConvolutionShape& shape, const Stored* x,
                          const RealOf<Stored>* weights, const Stored* dy, Stored* dx,
                          RealOf<Stored>* d_weights);

}  // namespace isoloss
