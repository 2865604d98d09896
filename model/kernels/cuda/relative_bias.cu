#include "model/kernels/cuda/relative_bias.h"

#include <vector>

#include "model/spec/model_spec.h"
#include "model/spec/relative_bucket.h"

namespace isoloss {
namespace {

constexpr float kBase2 = 1.4426950408889634F;  // log2(e)
constexpr int kSpreadThreads = 256;
constexpr int kAddWarps = 8;

__global__ void spread(const std::int32_t* bucket, int length, int buckets, int row,
                       const float* bias, float* by_distance) {
  const int i = static_cast<int>(blockIdx.x * blockDim.x + threadIdx.x);
  const int head = static_cast<int>(blockIdx.y), distance = i - static_cast<int>(kBiasLead);
  if (i >= row) return;
  by_distance[static_cast<std::int64_t>(head) * row + i] =
      distance < 0 || distance >= length ? 0.0F : kBase2 * bias[head * buckets + bucket[distance]];
}

// One block a head and 32 buckets: a warp adds every eighth partial sum, a lane a bucket.
__global__ void add_partial_sums(int count, int buckets, const float* partial, float* d_bias) {
  __shared__ __align__(16) float sums[kAddWarps][simt::kWarp];
  const int head = static_cast<int>(blockIdx.x);
  const int bucket = static_cast<int>(blockIdx.y) * simt::kWarp + simt::lane();
  const float* of_head = partial + static_cast<std::int64_t>(head) * count * buckets + bucket;
  float sum = 0;
  if (bucket < buckets)
    for (int i = simt::warp(); i < count; i += kAddWarps)
      sum += of_head[static_cast<std::int64_t>(i) * buckets];
  sums[simt::warp()][simt::lane()] = sum;
  simt::sync_block();
  if (simt::warp() != 0 || bucket >= buckets) return;
  for (int warp = 1; warp < kAddWarps; ++warp) sum += sums[warp][simt::lane()];
  d_bias[head * buckets + bucket] += sum;
}

}  // namespace

DistanceBuckets distance_buckets(const ModelSpec& spec, std::int64_t length) {
  std::vector<std::int32_t> bucket(static_cast<std::size_t>(length));
  std::int64_t near = 0;
  for (std::int64_t n = 0; n < length; ++n) {
    const std::int64_t of_n = relative_bucket(n, spec.relative_buckets, spec.relative_max_distance);
    bucket[static_cast<std::size_t>(n)] = static_cast<std::int32_t>(of_n);
    if (of_n < spec.relative_buckets - 1) near = n + 1;
  }
  return {to_device<std::int32_t>(bucket), length, spec.relative_buckets, near};
}

void spread_bias(Stream& stream, const DistanceBuckets& buckets, std::int64_t heads,
                 const float* bias, float* by_distance) {
  const std::int64_t row = bias_row(buckets.length);
  launch(stream,
         {.grid_x = static_cast<unsigned>((row + kSpreadThreads - 1) / kSpreadThreads),
          .grid_y = static_cast<unsigned>(heads),
          .threads = kSpreadThreads},
         spread, static_cast<const std::int32_t*>(buckets.of_distance.data()),
         static_cast<int>(buckets.length), static_cast<int>(buckets.buckets), static_cast<int>(row),
         bias, by_distance);
}

void add_bias_gradient(Stream& stream, std::int64_t heads, std::int64_t count, std::int64_t buckets,
                       const float* partial, float* d_bias) {
  launch(stream,
         {.grid_x = static_cast<unsigned>(heads),
          .grid_y = static_cast<unsigned>((buckets + simt::kWarp - 1) / simt::kWarp),
          .threads = kAddWarps * simt::kWarp},
         add_partial_sums, static_cast<int>(count), static_cast<int>(buckets), partial, d_bias);
}

}  // namespace isoloss
