#include "model/kernels/cuda/norm.h"
#include "model/kernels/cuda/norm_branch.h"
#include "model/kernels/cuda/row_groups.h"

namespace isoloss::device {
namespace {

constexpr int kNormThreads = 256;

template <typename In, typename T, typename Out>
__global__ void norm_of_rows(NormShape shape, RowGroups cut, const In* x, Branch<T> branch, In* sum,
                             NormWeights weights, Out* y, NormStatistics statistics) {
  __shared__ __align__(16) float scratch[32];
  const int threads_of_row = cut.warps * simt::kWarp;
  const int thread = static_cast<int>(threadIdx.x);
  const std::int64_t row =
      static_cast<std::int64_t>(blockIdx.x) * cut.groups + thread / threads_of_row;
  const std::int64_t column = thread % threads_of_row * 8;
  const bool inside = row < shape.rows && column < shape.width;
  const std::int64_t at = row * shape.width + column;

  Eight centred = all_eight(0);
  if (inside) {
    centred = load_eight(x + at);
    if (branch.values) {
      add_values(centred, branch, branch_factor(branch), at, column);
      store_eight(sum + at, centred);
    }
  }
  const float width = static_cast<float>(shape.width);
  float mean = 0;
  if (shape.centred) {
    mean = group_sum(device::sum(centred), cut.warps, scratch) / width;
    if (inside) {
      ISOLOSS_UNROLL
      for (int i = 0; i < 8; ++i) centred.at[i] -= mean;
    }
  }
  float squares = 0;
  ISOLOSS_UNROLL
  for (int i = 0; i < 8; ++i) squares += centred.at[i] * centred.at[i];
  const float variance = group_sum(squares, cut.warps, scratch) / width;
  const float inverse = simt::inverse_root(variance + shape.epsilon);
  if (!inside) return;
  const Eight scale = load_eight(weights.scale + column);
  const Eight bias = shape.centred ? load_eight(weights.bias + column) : all_eight(0);
  Eight result;
  ISOLOSS_UNROLL
  for (int i = 0; i < 8; ++i) result.at[i] = centred.at[i] * inverse * scale.at[i] + bias.at[i];
  store_eight(y + at, result);
  if (column > 0) return;
  if (shape.centred) statistics.mean[row] = mean;
  statistics.inverse_deviation[row] = inverse;
}

template <typename T>
__global__ void add_branch_to_rows(std::int64_t eights, std::int64_t width, const float* x,
                                   Branch<T> branch, float* sum) {
  const std::uint32_t i = grid_thread();
  if (i >= eights) return;
  const std::int64_t at = std::int64_t{8} * i;
  Eight result = load_eight(x + at);
  add_values(result, branch, branch_factor(branch), at,
             i % static_cast<std::uint32_t>(width / 8) * 8);
  store_eight(sum + at, result);
}

}  // namespace

template <typename In, typename T, typename Out>
void norm_forward(Stream& stream, const NormShape& shape, const In* x, const Branch<T>& branch,
                  In* sum, const NormWeights& weights, Out* y, const NormStatistics& statistics) {
  const RowGroups cut = row_groups(shape.width, kNormThreads);
  launch(stream, {.grid_x = blocks(shape.rows, cut.groups), .threads = cut.threads()},
         norm_of_rows<In, T, Out>, shape, cut, x, branch, sum, weights, y, statistics);
}

template <typename T>
void add_branch(Stream& stream, std::int64_t rows, std::int64_t width, const float* x,
                const Branch<T>& branch, float* sum) {
  require_eights("a row", width);
  const std::int64_t eights = rows * width / 8;
  launch(stream, {.grid_x = blocks(eights, kNormThreads), .threads = kNormThreads},
         add_branch_to_rows<T>, eights, width, x, branch, sum);
}

#define ISOLOSS_NORM(In, T, Out)                                                          \
  template void norm_forward(Stream&, const NormShape&, const In*, const Branch<T>&, In*, \
                             const NormWeights&, Out*, const NormStatistics&)
ISOLOSS_NORM(float, float, float);
ISOLOSS_NORM(float, simt::Bf16, simt::Bf16);
ISOLOSS_NORM(float, simt::Bf16, float);
ISOLOSS_NORM(simt::Bf16, simt::Bf16, simt::Bf16);
ISOLOSS_NORM(simt::Bf16, simt::Bf16, float);
#undef ISOLOSS_NORM
template void add_branch(Stream&, std::int64_t, std::int64_t, const float*, const Branch<float>&,
                         float*);
template void add_branch(Stream&, std::int64_t, std::int64_t, const float*,
                         const Branch<simt::Bf16>&, float*);

}  // namespace isoloss::device
