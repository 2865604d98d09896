#include "model/kernels/cpu/gemm_peak.h"

#include <ATen/ATen.h>

#include <algorithm>
#include <array>
#include <chrono>

#include "model/kernels/cpu/block_products.h"

namespace isoloss {
namespace {

struct Shape {
  std::int64_t m, n, k;
};

// Squares, and the products of a feed-forward over 2048 tokens.
constexpr std::array kShapes = {Shape{512, 512, 512}, Shape{1024, 1024, 1024},
                                Shape{2048, 2048, 2048}, Shape{2048, 2048, 512},
                                Shape{2048, 512, 2048}};

// FLOP/s of `multiply`, called for `seconds`.
template <typename Multiply>
double best_rate(const Shape& shape, double seconds, const Multiply& multiply) {
  using Clock = std::chrono::steady_clock;
  multiply();
  const auto since = [](Clock::time_point start) {
    return std::chrono::duration<double>(Clock::now() - start).count();
  };
  const Clock::time_point begin = Clock::now();
  double best = 1e30;
  for (int repeat = 0; repeat < 5 || since(begin) < seconds; ++repeat) {
    const Clock::time_point start = Clock::now();
    multiply();
    best = std::min(best, since(start));
  }
  return 2 * static_cast<double>(shape.m * shape.n * shape.k) / best;
}

}  // namespace

double gemm_peak(GemmType type, double seconds) {
  const c10::InferenceMode no_gradients;
  const auto options = at::dtype(type == GemmType::BFloat16 ? at::kBFloat16 : at::kFloat);
  const double each = seconds / static_cast<double>(2 * kShapes.size());
  double peak = 0;
  for (const Shape& shape : kShapes) {
    const at::Tensor a = at::ones({shape.m, shape.k}, options),
                     b = at::ones({shape.k, shape.n}, options);
    at::Tensor product = at::empty({shape.m, shape.n}, options);
    peak = std::max({peak, best_rate(shape, each, [&] { at::mm_out(product, a, b); }),
                     best_rate(shape, each, [&] { product_into(product, {a}, {b}); })});
  }
  return peak;
}

}  // namespace isoloss
