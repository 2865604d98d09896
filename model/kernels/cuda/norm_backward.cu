#include <algorithm>
#include <array>

#include "model/kernels/cuda/norm.h"
#include "model/kernels/cuda/norm_branch.h"
#include "model/kernels/cuda/partial_sums.h"
#include "model/kernels/cuda/row_groups.h"

namespace isoloss::device {
namespace {

// Blocks stay for many rows, because each leaves sums of every column. As many as an H100 or
// H200 with 132 multiprocessors holds at once: registers allow two of this size on each and three
// of 256 threads, which keep its memory requests coming. A B200's 148 would hold more.
constexpr int kBackwardThreads = 384;
std::int64_t most_parts(const RowGroups& cut) { return cut.threads() <= 256 ? 396 : 264; }

// A part's sums: of the norm's scale and bias, of the branch's bias, and one of its rezero.
constexpr std::int64_t part_stride(std::int64_t width) { return 3 * width + 8; }

std::int64_t part_count(std::int64_t rows, const RowGroups& cut) {
  return std::min(most_parts(cut), ceil_divide(rows, cut.groups));
}

// Where a thread stands among the rows that its block takes at once.
struct Place {
  std::int64_t group, column;
};
ISOLOSS_INLINE Place place_of(const RowGroups& cut) {
  const int thread = static_cast<int>(threadIdx.x), threads_of_row = cut.warps * simt::kWarp;
  return {thread / threads_of_row, thread % threads_of_row * 8};
}

// Adds `mine` over the block's groups of threads and writes a row of `width` sums.
ISOLOSS_INLINE void sum_groups(const RowGroups& cut, const Eight& mine, std::int64_t width,
                               float* to) {
  auto* shared = reinterpret_cast<float*>(simt::dynamic_shared());
  store_eight(shared + threadIdx.x * 8, mine);
  simt::sync_block();
  const std::int64_t row = cut.warps * simt::kWarp * 8;
  for (std::int64_t column = threadIdx.x; column < width; column += blockDim.x) {
    float total = 0;
    for (int group = 0; group < cut.groups; ++group) total += shared[group * row + column];
    to[column] = total;
  }
  simt::sync_block();
}

// What a thread adds up of the branch's gradient over its rows.
struct BranchSums {
  Eight bias;
  float rezero;
};

template <typename T>
ISOLOSS_INLINE void pass_on(const Branch<T>& branch, const BranchGradient<T>& gradient,
                            float factor, const Eight& dx, std::int64_t at, std::int64_t column,
                            BranchSums& sums) {
  if (gradient.rezero) {
    const Eight values = load_eight(branch.values + at);
    const Eight bias = branch.bias ? load_eight(branch.bias + column) : all_eight(0);
    ISOLOSS_UNROLL
    for (int i = 0; i < 8; ++i)
      sums.rezero += branch.factor * dx.at[i] * (values.at[i] + bias.at[i]);
  }
  Eight d_values;
  ISOLOSS_UNROLL
  for (int i = 0; i < 8; ++i) d_values.at[i] = factor * dx.at[i];
  ISOLOSS_UNROLL
  for (int i = 0; i < 8; ++i) sums.bias.at[i] += d_values.at[i];
  store_eight(gradient.values + at, d_values);
}

template <typename T>
ISOLOSS_INLINE void leave_branch_sums(const RowGroups& cut, const BranchGradient<T>& gradient,
                                      const BranchSums& sums, std::int64_t width, float* part) {
  __shared__ __align__(16) float scratch[32];
  if (gradient.bias) sum_groups(cut, sums.bias, width, part + 2 * width);
  if (!gradient.rezero) return;
  const float total = group_sum(sums.rezero, cut.warps * cut.groups, scratch);
  if (threadIdx.x == 0) part[3 * width] = total;
}

template <typename In, typename T, typename Out>
__global__ void __launch_bounds__(kWidestRow / 8)
    norm_gradient(NormShape shape, RowGroups cut, const In* x, NormWeights weights,
                  NormStatistics statistics, const Out* dy, const In* above, In* dx,
                  Branch<T> branch, BranchGradient<T> branch_gradient, float* parts) {
  __shared__ __align__(16) float scratch[32];
  const auto [group, column] = place_of(cut);
  const float width = static_cast<float>(shape.width);
  const float factor = branch_gradient.values ? branch_factor(branch) : 0;
  const Eight scale = column < shape.width ? load_eight(weights.scale + column) : all_eight(0);
  Eight d_scale = all_eight(0), d_bias = all_eight(0);
  BranchSums branch_sums{all_eight(0), 0};

  for (std::int64_t first = static_cast<std::int64_t>(blockIdx.x) * cut.groups; first < shape.rows;
       first += static_cast<std::int64_t>(gridDim.x) * cut.groups) {
    const std::int64_t row = first + group;
    const bool inside = row < shape.rows && column < shape.width;
    const std::int64_t at = row * shape.width + column;
    Eight normed = all_eight(0), through = all_eight(0), result = all_eight(0);
    float inverse = 0;
    if (inside) {
      normed = load_eight(x + at);
      const Eight from_above = load_eight(dy + at);
      if (above) result = load_eight(above + at);
      const float mean = shape.centred ? statistics.mean[row] : 0;
      inverse = statistics.inverse_deviation[row];
      ISOLOSS_UNROLL
      for (int i = 0; i < 8; ++i) {
        normed.at[i] = (normed.at[i] - mean) * inverse;
        through.at[i] = from_above.at[i] * scale.at[i];
        d_scale.at[i] += from_above.at[i] * normed.at[i];
        d_bias.at[i] += from_above.at[i];
      }
    }
    float along = 0;
    ISOLOSS_UNROLL
    for (int i = 0; i < 8; ++i) along += through.at[i] * normed.at[i];
    along = group_sum(along, cut.warps, scratch) / width;
    const float mean = shape.centred ? group_sum(sum(through), cut.warps, scratch) / width : 0;
    if (!inside) continue;
    ISOLOSS_UNROLL
    for (int i = 0; i < 8; ++i)
      result.at[i] += inverse * (through.at[i] - mean - normed.at[i] * along);
    store_eight(dx + at, result);
    if (branch_gradient.values)
      pass_on(branch, branch_gradient, factor, result, at, column, branch_sums);
  }

  float* part = parts + blockIdx.x * part_stride(shape.width);
  sum_groups(cut, d_scale, shape.width, part);
  if (shape.centred) sum_groups(cut, d_bias, shape.width, part + shape.width);
  leave_branch_sums(cut, branch_gradient, branch_sums, shape.width, part);
}

template <typename T>
__global__ void __launch_bounds__(kWidestRow / 8)
    branch_gradient_of_rows(std::int64_t rows, std::int64_t width, RowGroups cut, const float* dx,
                            Branch<T> branch, BranchGradient<T> gradient, float* parts) {
  const auto [group, column] = place_of(cut);
  const float factor = branch_factor(branch);
  BranchSums sums{all_eight(0), 0};
  if (column < width) {
    for (std::int64_t row = static_cast<std::int64_t>(blockIdx.x) * cut.groups + group; row < rows;
         row += static_cast<std::int64_t>(gridDim.x) * cut.groups)
      pass_on(branch, gradient, factor, load_eight(dx + row * width + column), row * width + column,
              column, sums);
  }
  leave_branch_sums(cut, gradient, sums, width, parts + blockIdx.x * part_stride(width));
}

LaunchShape backward_launch(std::int64_t rows, const RowGroups& cut) {
  return {.grid_x = static_cast<unsigned>(part_count(rows, cut)),
          .threads = cut.threads(),
          .shared_bytes = cut.threads() * sizeof(Eight)};
}

}  // namespace

std::int64_t norm_scratch(const NormShape& shape) {
  return part_count(shape.rows, row_groups(shape.width, kBackwardThreads)) *
         part_stride(shape.width);
}

template <typename In, typename T, typename Out>
void norm_backward(Stream& stream, const NormShape& shape, const In* x, const NormWeights& weights,
                   const NormStatistics& statistics, const Out* dy, const In* above, In* dx,
                   const NormGradient& gradient, const Branch<T>& branch,
                   const BranchGradient<T>& branch_gradient, float* scratch) {
  const RowGroups cut = row_groups(shape.width, kBackwardThreads);
  launch(stream, backward_launch(shape.rows, cut), norm_gradient<In, T, Out>, shape, cut, x,
         weights, statistics, dy, above, dx, branch, branch_gradient, scratch);
  const std::int64_t width = shape.width;
  add_partial_sums(stream, {scratch, part_count(shape.rows, cut), part_stride(width)},
                   std::array<SumTarget, 4>{{{gradient.scale, 0, width},
                                             {gradient.bias, width, width},
                                             {branch_gradient.bias, 2 * width, width},
                                             {branch_gradient.rezero, 3 * width, 1}}});
}

template <typename T>
void branch_backward(Stream& stream, std::int64_t rows, std::int64_t width, const float* d_sum,
                     const Branch<T>& branch, const BranchGradient<T>& branch_gradient,
                     float* scratch) {
  const RowGroups cut = row_groups(width, kBackwardThreads);
  launch(stream, backward_launch(rows, cut), branch_gradient_of_rows<T>, rows, width, cut, d_sum,
         branch, branch_gradient, scratch);
  add_partial_sums(stream, {scratch, part_count(rows, cut), part_stride(width)},
                   std::array<SumTarget, 2>{{{branch_gradient.bias, 2 * width, width},
                                             {branch_gradient.rezero, 3 * width, 1}}});
}

#define ISOLOSS_NORM(In, T, Out)                                                                   \
  template void norm_backward(                                                                     \
      Stream&, const NormShape&, const In*, const NormWeights&, const NormStatistics&, const Out*, \
      const In*, In*, const NormGradient&, const Branch<T>&, const BranchGradient<T>&, float*)
ISOLOSS_NORM(float, float, float);
ISOLOSS_NORM(float, simt::Bf16, simt::Bf16);
ISOLOSS_NORM(float, simt::Bf16, float);
ISOLOSS_NORM(simt::Bf16, simt::Bf16, simt::Bf16);
ISOLOSS_NORM(simt::Bf16, simt::Bf16, float);
#undef ISOLOSS_NORM
template void branch_backward(Stream&, std::int64_t, std::int64_t, const float*,
                              const Branch<float>&, const BranchGradient<float>&, float*);
template void branch_backward(Stream&, std::int64_t, std::int64_t, const float*,
                              const Branch<simt::Bf16>&, const BranchGradient<simt::Bf16>&, float*);

}  // namespace isoloss::device
