#include "model/kernels/cpu/product_seconds.h"

#include <ATen/ATen.h>

#include <algorithm>
#include <chrono>

#include "model/kernels/cpu/block_products.h"

namespace isoloss {
namespace {

constexpr double kSlow = 0.05;  // seconds

double once(const at::Tensor& y, const at::Tensor& x, const at::Tensor& w) {
  const auto start = std::chrono::steady_clock::now();
  product_into(y, {x}, turned(w));
  return std::chrono::duration<double>(std::chrono::steady_clock::now() - start).count();
}

}  // namespace

double product_seconds(GemmType type, std::span<const TimedProduct> products) {
  const c10::InferenceMode no_gradients;
  const auto options = at::dtype(type == GemmType::BFloat16 ? at::kBFloat16 : at::kFloat);
  double sum = 0;
  for (const TimedProduct& shape : products) {
    const at::Tensor x = at::full({shape.m, shape.k}, 0.5, options);
    const at::Tensor w = at::full({shape.n, shape.k}, 0.5, options);
    const at::Tensor y = at::zeros({shape.m, shape.n}, options);
    double seconds = once(y, x, w);
    if (seconds < kSlow) seconds = std::min(once(y, x, w), once(y, x, w));
    sum += shape.times * seconds;
  }
  return sum;
}

}  // namespace isoloss
