#include "model/kernels/cpu/block_products.h"

#include <ATen/ATen.h>

#include <algorithm>

#include "model/kernels/cpu/float_lanes.h"
#include "model/kernels/cpu/parts.h"

namespace isoloss {
namespace {

#if ISOLOSS_FLOAT_LANES
// Multiplications. On Intel's processors larger products are as fast or faster in MKL, which lays
// both operands out anew; smaller ones are spared its call through LibTorch, which makes views of
// the operands. On others MKL leaves the lanes half empty, and the own product is faster at any
// size (docs/performance.md). Asked of the processor and not of a clock, so that a machine repeats
// its bits.
constexpr double kMostBesideMkl = 1 << 26;
constexpr double kWorthAThread = 1 << 20;

MatrixPlace place(const Factor& factor) {
  const at::Tensor& m = factor.matrix;
  const MatrixPlace lying{m.const_data_ptr<float>(), m.stride(0), 1};
  return factor.turned ? MatrixPlace{lying.data, 1, lying.row} : lying;
}

double multiplications(const ProductExtents& shape) {
  return static_cast<double>(shape.rows * shape.columns) * static_cast<double>(shape.inner);
}

ProductExtents extents_of(const at::Tensor& out, const Factor& a) {
  return {out.size(0), out.size(1), a.matrix.size(a.turned ? 0 : 1)};
}

bool own_product_serves(const at::Tensor& out, const Factor& a) {
  static const bool mkl_fills_lanes = __builtin_cpu_is("intel") != 0;
  return out.scalar_type() == at::kFloat &&
         (!mkl_fills_lanes || multiplications(extents_of(out, a)) <= kMostBesideMkl);
}

void own_product(const at::Tensor& out, Into into, const Factor& a, const Factor& b,
                 double factor) {
  const ProductExtents shape = extents_of(out, a);
  const MatrixPlace left = place(a), right = place(b);
  float* to = out.data_ptr<float>();
  const auto worth = static_cast<std::int64_t>(multiplications(shape) / kWorthAThread);
  const std::int64_t parts = std::min(part_count(worth, 1), part_count(shape.rows, kProductRows));
  for_parts(parts, shape.rows, kProductRows,
            [&](std::int64_t, std::int64_t first, std::int64_t last) {
              const MatrixPlace rows{left.data + first * left.row, left.row, left.column};
              multiply({last - first, shape.columns, shape.inner}, rows, right,
                       static_cast<float>(factor), into, to + first * out.stride(0), out.stride(0));
            });
}
#endif

at::Tensor matrix_of(const Factor& factor) {
  return factor.turned ? factor.matrix.t() : factor.matrix;
}

}  // namespace

void product_into(const at::Tensor& out, Into into, const Factor& a, const Factor& b,
                  double factor) {
#if ISOLOSS_FLOAT_LANES
  if (own_product_serves(out, a)) return own_product(out, into, a, b, factor);
#endif
  at::Tensor result = out;
  if (into == Into::Overwritten && factor == 1) {
    at::mm_out(result, matrix_of(a), matrix_of(b));
    return;
  }
  at::addmm_out(result, out, matrix_of(a), matrix_of(b), into == Into::AddedTo ? 1 : 0, factor);
}

}  // namespace isoloss
