#include "model/kernels/cpu/depthwise_convolution.h"

#include <algorithm>

namespace isoloss {
namespace {

// One step of one part: `reach` is how many taps lie inside the sequence. Three, Primer's width, in
// one pass over the channels.
template <typename Real>
void forward_step(std::int64_t width, std::int64_t row, std::int64_t reach, const Real* x,
                  const Real* w, Real* y) {
  if (reach == 3) {
#pragma omp simd
    for (std::int64_t c = 0; c < width; ++c)
      y[c] = w[c] * x[c] + w[width + c] * x[c - row] + w[2 * width + c] * x[c - 2 * row];
    return;
  }
#pragma omp simd
  for (std::int64_t c = 0; c < width; ++c) y[c] = w[c] * x[c];
  for (std::int64_t s = 1; s < reach; ++s) {
#pragma omp simd
    for (std::int64_t c = 0; c < width; ++c) y[c] += w[s * width + c] * x[c - s * row];
  }
}

// The input's gradient is the convolution run backwards in time: `reach` counts the steps ahead.
template <typename Real>
void input_step(std::int64_t width, std::int64_t row, std::int64_t reach, const Real* dy,
                const Real* w, Real* dx) {
  forward_step(width, -row, reach, dy, w, dx);
}

template <typename Real>
void weight_step(std::int64_t width, std::int64_t row, std::int64_t reach, const Real* x,
                 const Real* dy, Real* dw) {
  if (reach == 3) {
#pragma omp simd
    for (std::int64_t c = 0; c < width; ++c) {
      dw[c] += dy[c] * x[c];
      dw[width + c] += dy[c] * x[c - row];
      dw[2 * width + c] += dy[c] * x[c - 2 * row];
    }
    return;
  }
  for (std::int64_t s = 0; s < reach; ++s) {
#pragma omp simd
    for (std::int64_t c = 0; c < width; ++c) dw[s * width + c] += dy[c] * x[c - s * row];
  }
}

}  // namespace

template <typename Real>
void convolution_forward(const ConvolutionShape& shape, const Real* x, const Real* weights,
                         Real* y) {
  const std::int64_t row = shape.parts * shape.width;
  for (std::int64_t b = 0; b < shape.batch; ++b)
    for (std::int64_t t = 0; t < shape.length; ++t)
      for (std::int64_t part = 0; part < shape.parts; ++part) {
        const std::int64_t at = (b * shape.length + t) * row + part * shape.width;
        forward_step(shape.width, row, std::min(shape.taps, t + 1), x + at,
                     weights + part * shape.taps * shape.width, y + at);
      }
}

template <typename Real>
void convolution_backward(const ConvolutionShape& shape, const Real* x, const Real* weights,
                          const Real* dy, Real* dx, Real* d_weights) {
  const std::int64_t row = shape.parts * shape.width;
  for (std::int64_t b = 0; b < shape.batch; ++b)
    for (std::int64_t t = 0; t < shape.length; ++t)
      for (std::int64_t part = 0; part < shape.parts; ++part) {
        const std::int64_t at = (b * shape.length + t) * row + part * shape.width;
        const std::int64_t set = part * shape.taps * shape.width;
        input_step(shape.width, row, std::min(shape.taps, shape.length - t), dy + at, weights + set,
                   dx + at);
        weight_step(shape.width, row, std::min(shape.taps, t + 1), x + at, dy + at,
                    d_weights + set);
      }
}

template void convolution_forward(const ConvolutionShape&, const float*, const float*, float*);
template void convolution_forward(const ConvolutionShape&, const double*, const double*, double*);
template void convolution_backward(const ConvolutionShape&, const float*, const float*,
                                   const float*, float*, float*);
template void convolution_backward(const ConvolutionShape&, const double*, const double*,
                                   const double*, double*, double*);

}  // namespace isoloss
