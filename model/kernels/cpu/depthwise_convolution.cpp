#include "model/kernels/cpu/depthwise_convolution.h"

#include <algorithm>

#include "model/kernels/cpu/parts.h"

namespace isoloss {
namespace {

// Channels of one part that one thread works on.
struct Channels {
  std::int64_t first, last, width, row;  // width: from tap to tap; row: from step to step
};

// One step of one part: `reach` is how many taps lie inside the sequence. Three, Primer's width, in
// one pass over the channels. With `row` negated, the input's gradient.
template <typename Stored, typename Real>
void forward_step(const Channels& of, std::int64_t row, std::int64_t reach, const Stored* x,
                  const Real* w, Stored* y) {
  const std::int64_t width = of.width;
  if (reach == 3) {
#pragma omp simd
    for (std::int64_t c = of.first; c < of.last; ++c)
      y[c] = stored<Stored>(w[c] * real(x[c]) + w[width + c] * real(x[c - row]) +
                            w[2 * width + c] * real(x[c - 2 * row]));
    return;
  }
  for (std::int64_t c = of.first; c < of.last; ++c) {
    Real sum = w[c] * real(x[c]);
    for (std::int64_t s = 1; s < reach; ++s) sum += w[s * width + c] * real(x[c - s * row]);
    y[c] = stored<Stored>(sum);
  }
}

template <typename Stored, typename Real>
void weight_step(const Channels& of, std::int64_t reach, const Stored* x, const Stored* dy,
                 Real* dw) {
  const std::int64_t width = of.width, row = of.row;
  if (reach == 3) {
#pragma omp simd
    for (std::int64_t c = of.first; c < of.last; ++c) {
      const Real g = real(dy[c]);
      dw[c] += g * real(x[c]);
      dw[width + c] += g * real(x[c - row]);
      dw[2 * width + c] += g * real(x[c - 2 * row]);
    }
    return;
  }
  for (std::int64_t s = 0; s < reach; ++s) {
#pragma omp simd
    for (std::int64_t c = of.first; c < of.last; ++c)
      dw[s * width + c] += real(dy[c]) * real(x[c - s * row]);
  }
}

// Calls work(channels, place of the step and part, place of the part's taps, step) for every step.
template <typename Work>
void for_steps(const ConvolutionShape& shape, const Work& work) {
  const std::int64_t row = shape.parts * shape.width;
  for_columns(shape.batch * shape.length * shape.parts, shape.width,
              [&](std::int64_t first, std::int64_t last) {
                const Channels channels{first, last, shape.width, row};
                for (std::int64_t b = 0; b < shape.batch; ++b)
                  for (std::int64_t t = 0; t < shape.length; ++t)
                    for (std::int64_t part = 0; part < shape.parts; ++part)
                      work(channels, (b * shape.length + t) * row + part * shape.width,
                           part * shape.taps * shape.width, t);
              });
}

}  // namespace

template <typename Stored>
void convolution_forward(const ConvolutionShape& shape, const Stored* x,
                         const RealOf<Stored>* weights, Stored* y) {
  for_steps(shape, [&](const Channels& of, std::int64_t at, std::int64_t set, std::int64_t t) {
    forward_step(of, of.row, std::min(shape.taps, t + 1), x + at, weights + set, y + at);
  });
}

template <typename Stored>
void convolution_backward(const ConvolutionShape& shape, const Stored* x,
                          const RealOf<Stored>* weights, const Stored* dy, Stored* dx,
                          RealOf<Stored>* d_weights) {
  for_steps(shape, [&](const Channels& of, std::int64_t at, std::int64_t set, std::int64_t t) {
    // The input's gradient is the convolution run backwards in time: it reaches steps ahead.
    forward_step(of, -of.row, std::min(shape.taps, shape.length - t), dy + at, weights + set,
                 dx + at);
    weight_step(of, std::min(shape.taps, t + 1), x + at, dy + at, d_weights + set);
  });
}

#define ISOLOSS_CONVOLUTION(Stored)                                                                \
  template void convolution_forward(const ConvolutionShape&, const Stored*, const RealOf<Stored>*, \
                                    Stored*);                                                      \
  template void convolution_backward(const ConvolutionShape&, const Stored*,                       \
                                     const RealOf<Stored>*, const Stored*, Stored*,                \
                                     RealOf<Stored>*);
ISOLOSS_CONVOLUTION(float)
ISOLOSS_CONVOLUTION(double)
ISOLOSS_CONVOLUTION(c10::BFloat16)
#undef ISOLOSS_CONVOLUTION

}  // namespace isoloss
