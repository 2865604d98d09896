#include "model/kernels/cuda/cross_entropy.h"

#include <algorithm>

#include "model/kernels/cuda/double_sum.h"
#include "model/kernels/cuda/eight.h"
#include "model/kernels/cuda/launch_sizes.h"

namespace isoloss::device {
namespace {

constexpr int kMostThreads = 1024;
constexpr float kLowest = -3.402823466e38F;  // the smallest float: exp(lowest - x) is 0

// The eight logits from `column` on; lowest from the vocabulary's end on.
template <typename T>
ISOLOSS_INLINE Eight logits_at(const T* row, std::int64_t column, std::int64_t vocabulary) {
  Eight x = load_eight(row + column);
  if (column + 8 > vocabulary) {
    ISOLOSS_UNROLL
    for (int i = 0; i < 8; ++i)
      if (column + i >= vocabulary) x.at[i] = kLowest;
  }
  return x;
}

// Over the block, in warps and then over these. All threads call it; scratch: 32 floats.
ISOLOSS_INLINE float sum_of_block(float x, float* scratch) {
  x = simt::warp_sum(x);
  if (simt::lane() == 0) scratch[simt::warp()] = x;
  simt::sync_block();
  const int warps = static_cast<int>(blockDim.x) / simt::kWarp;
  float total = 0;
  for (int i = 0; i < warps; ++i) total += scratch[i];
  simt::sync_block();
  return total;
}
ISOLOSS_INLINE float most_of_block(float x, float* scratch) {
  x = simt::warp_max(x);
  if (simt::lane() == 0) scratch[simt::warp()] = x;
  simt::sync_block();
  const int warps = static_cast<int>(blockDim.x) / simt::kWarp;
  float most = scratch[0];
  for (int i = 1; i < warps; ++i) most = scratch[i] > most ? scratch[i] : most;
  simt::sync_block();
  return most;
}

// log of the sum of exp over a row, to all threads of its block. Each thread keeps the sum of what
// it saw relative to the largest of it.
template <typename T>
ISOLOSS_INLINE float log_sum_exp(const LogitsShape& shape, const T* row, float* scratch) {
  float largest = kLowest, total = 0;
  for (std::int64_t column = threadIdx.x * 8; column < shape.vocabulary; column += blockDim.x * 8) {
    const Eight x = logits_at(row, column, shape.vocabulary);
    float most = largest;
    ISOLOSS_UNROLL
    for (int i = 0; i < 8; ++i) most = fmaxf(most, x.at[i]);
    Eight powers;
    ISOLOSS_UNROLL
    for (int i = 0; i < 8; ++i) powers.at[i] = simt::fast_exp(x.at[i] - most);
    total = total * simt::fast_exp(largest - most) + sum(powers);
    largest = most;
  }
  const float most = most_of_block(largest, scratch);
  return most + logf(sum_of_block(total * simt::fast_exp(largest - most), scratch));
}

template <typename T>
__global__ void __launch_bounds__(kMostThreads)
    losses_of_rows(LogitsShape shape, const T* logits, const std::int32_t* targets, float* losses) {
  __shared__ __align__(16) float scratch[32];
  const std::int64_t row = blockIdx.x;
  const T* mine = logits + row * shape.stride;
  const float log_z = log_sum_exp(shape, mine, scratch);
  if (threadIdx.x == 0) losses[row] = log_z - simt::to_float(mine[targets[row]]);
}

template <typename T>
__global__ void __launch_bounds__(kMostThreads)
    part_of_rows(LogitsShape shape, const T* logits, const std::int32_t* targets, float* part) {
  __shared__ __align__(16) float scratch[32];
  const std::int64_t row = blockIdx.x;
  const T* mine = logits + row * shape.stride;
  const float log_z = log_sum_exp(shape, mine, scratch);
  if (threadIdx.x > 0) return;
  const std::int64_t column = targets[row] - shape.first;
  part[row] = log_z;
  part[shape.rows + row] =
      column >= 0 && column < shape.vocabulary ? simt::to_float(mine[column]) : 0;
}

// Of a row over all ranks' ids.
struct WholeRow {
  float log_z, of_target;
};
ISOLOSS_INLINE WholeRow whole_row(const float* parts, std::int64_t ranks, std::int64_t rows,
                                  std::int64_t row) {
  float most = parts[row];
  for (std::int64_t rank = 1; rank < ranks; ++rank) {
    const float log_z = parts[2 * rank * rows + row];
    most = log_z > most ? log_z : most;
  }
  float total = 0, of_target = 0;
  for (std::int64_t rank = 0; rank < ranks; ++rank) {
    total += simt::fast_exp(parts[2 * rank * rows + row] - most);
    of_target += parts[(2 * rank + 1) * rows + row];
  }
  return {most + logf(total), of_target};
}

// The gradient in place of a row of logits; all threads of its block call it.
template <typename T>
ISOLOSS_INLINE void write_gradient(const LogitsShape& shape, T* mine, std::int64_t target,
                                   float log_z, float weight, float z_loss) {
  const float factor = weight * (1 + 2 * z_loss * log_z);
  for (std::int64_t column = threadIdx.x * 8; column < shape.stride; column += blockDim.x * 8) {
    Eight d = all_eight(0);
    if (column < shape.vocabulary) {
      const Eight x = logits_at(mine, column, shape.vocabulary);
      const int of_target = static_cast<int>(target - column);
      ISOLOSS_UNROLL
      for (int i = 0; i < 8; ++i) {
        d.at[i] = factor * simt::fast_exp(x.at[i] - log_z);
        if (i == of_target) d.at[i] -= weight;
      }
    }
    store_eight(mine + column, d);
  }
}

template <typename T>
__global__ void __launch_bounds__(kMostThreads)
    gradient_of_rows(LogitsShape shape, T* logits, const std::int32_t* targets, float weight,
                     float z_loss, float* losses) {
  __shared__ __align__(16) float scratch[32];
  const std::int64_t row = blockIdx.x, target = targets[row];
  T* mine = logits + row * shape.stride;
  const float of_target = simt::to_float(mine[target]);  // before anyone writes
  const float log_z = log_sum_exp(shape, mine, scratch);
  if (threadIdx.x == 0) losses[row] = log_z - of_target;
  write_gradient(shape, mine, target, log_z, weight, z_loss);
}

template <typename T>
__global__ void __launch_bounds__(kMostThreads)
    gradient_of_parts(LogitsShape shape, std::int64_t ranks, const float* parts, T* logits,
                      const std::int32_t* targets, float weight, float z_loss, float* losses) {
  const std::int64_t row = blockIdx.x;
  const WholeRow whole = whole_row(parts, ranks, shape.rows, row);
  if (threadIdx.x == 0) losses[row] = whole.log_z - whole.of_target;
  // Another rank's id may be that of a column behind the last, which no target is to change.
  const std::int64_t column = targets[row] - shape.first;
  write_gradient(shape, logits + row * shape.stride, column < shape.vocabulary ? column : -1,
                 whole.log_z, weight, z_loss);
}

__global__ void losses_of_parts(std::int64_t rows, std::int64_t ranks, const float* parts,
                                float* losses) {
  const std::int64_t row = grid_thread();
  if (row >= rows) return;
  const WholeRow whole = whole_row(parts, ranks, rows, row);
  losses[row] = whole.log_z - whole.of_target;
}

__global__ void mean_of_losses(std::int64_t rows, const float* losses, float* mean) {
  __shared__ __align__(16) double of_threads[kMostThreads];
  double total = 0;
  for (std::int64_t row = threadIdx.x; row < rows; row += kMostThreads)
    total += static_cast<double>(losses[row]);
  total = double_sum<kMostThreads>(total, of_threads);
  if (threadIdx.x == 0) mean[0] = static_cast<float>(total / static_cast<double>(rows));
}

LaunchShape block_of_each(const LogitsShape& shape) {
  require_eights("the distance of rows of logits", shape.stride);
  const std::int64_t warps = ceil_divide(shape.stride, 8 * simt::kWarp);
  return {
      .grid_x = static_cast<unsigned>(shape.rows),
      .threads = static_cast<unsigned>(std::min<std::int64_t>(warps * simt::kWarp, kMostThreads))};
}

}  // namespace

template <typename T>
void cross_entropy_gradient(Stream& stream, const LogitsShape& shape, T* logits,
                            const std::int32_t* targets, float weight, float z_loss,
                            float* losses) {
  launch(stream, block_of_each(shape), gradient_of_rows<T>, shape, logits, targets, weight, z_loss,
         losses);
}

template <typename T>
void cross_entropy_losses(Stream& stream, const LogitsShape& shape, const T* logits,
                          const std::int32_t* targets, float* losses) {
  launch(stream, block_of_each(shape), losses_of_rows<T>, shape, logits, targets, losses);
}

template <typename T>
void cross_entropy_part(Stream& stream, const LogitsShape& shape, const T* logits,
                        const std::int32_t* targets, float* part) {
  launch(stream, block_of_each(shape), part_of_rows<T>, shape, logits, targets, part);
}

template <typename T>
void cross_entropy_gradient(Stream& stream, const LogitsShape& shape, std::int64_t ranks,
                            const float* parts, T* logits, const std::int32_t* targets,
                            float weight, float z_loss, float* losses) {
  launch(stream, block_of_each(shape), gradient_of_parts<T>, shape, ranks, parts, logits, targets,
         weight, z_loss, losses);
}

void cross_entropy_losses(Stream& stream, std::int64_t rows, std::int64_t ranks, const float* parts,
                          float* losses) {
  constexpr int kThreads = 256;
  launch(stream, {.grid_x = blocks(rows, kThreads), .threads = kThreads}, losses_of_parts, rows,
         ranks, parts, losses);
}

void mean_loss(Stream& stream, std::int64_t rows, const float* losses, float* mean) {
  launch(stream, {.threads = kMostThreads}, mean_of_losses, rows, losses, mean);
}

template void cross_entropy_gradient(Stream&, const LogitsShape&, float*, const std::int32_t*,
                                     float, float, float*);
template void cross_entropy_gradient(Stream&, const LogitsShape&, simt::Bf16*, const std::int32_t*,
                                     float, float, float*);
template void cross_entropy_part(Stream&, const LogitsShape&, const float*, const std::int32_t*,
                                 float*);
template void cross_entropy_part(Stream&, const LogitsShape&, const simt::Bf16*,
                                 const std::int32_t*, float*);
template void cross_entropy_gradient(Stream&, const LogitsShape&, std::int64_t, const float*,
                                     float*, const std::int32_t*, float, float, float*);
template void cross_entropy_gradient(Stream&, const LogitsShape&, std::int64_t, const float*,
                                     simt::Bf16*, const std::int32_t*, float, float, float*);
template void cross_entropy_losses(Stream&, const LogitsShape&, const float*, const std::int32_t*,
                                   float*);
template void cross_entropy_losses(Stream&, const LogitsShape&, const simt::Bf16*,
                                   const std::int32_t*, float*);

}  // namespace isoloss::device
