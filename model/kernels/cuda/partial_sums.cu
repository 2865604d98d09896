#include "model/kernels/cuda/partial_sums.h"

#include <algorithm>
#include <array>
#include <stdexcept>

#include "model/kernels/cuda/launch_sizes.h"

namespace isoloss::device {
namespace {

constexpr int kColumns = simt::kWarp, kLanes = 8;
constexpr std::size_t kMostTargets = 4;

struct Targets {
  SumTarget at[kMostTargets];
};

// 32 columns a block, so that reads are whole lines; eight threads share a column's parts.
__global__ void add_parts(PartialSums sums, Targets targets) {
  __shared__ __align__(16) float of_lanes[kLanes * kColumns];
  const SumTarget& target = targets.at[blockIdx.y];
  const std::int64_t column = static_cast<std::int64_t>(blockIdx.x) * kColumns + simt::lane();
  const bool inside = column < target.rows * target.channels;
  float total = 0;
  if (inside) {
    const std::int64_t row = column / target.channels, channel = column % target.channels;
    const float* from = sums.values + target.first + row * target.row_stride + channel;
    const int groups = static_cast<int>(target.groups);
    const int terms = static_cast<int>(sums.parts) * groups;
    for (int i = simt::warp(); i < terms; i += kLanes)
      total += from[i / groups * sums.stride + i % groups * target.channels];
  }
  of_lanes[threadIdx.x] = total;
  simt::sync_block();
  if (simt::warp() == 0 && inside) {
    for (int i = 1; i < kLanes; ++i) total += of_lanes[i * kColumns + simt::lane()];
    target.to[column] += total;
  }
}

}  // namespace

void add_partial_sums(Stream& stream, const PartialSums& sums, std::span<const SumTarget> targets) {
  Targets wanted;
  unsigned count = 0;
  std::int64_t widest = 0;
  for (const SumTarget& target : targets) {
    if (!target.to) continue;
    if (count == kMostTargets) throw std::logic_error("sums of more than four targets");
    wanted.at[count++] = target;
    widest = std::max(widest, target.rows * target.channels);
  }
  if (count == 0) return;
  launch(stream,
         {.grid_x = blocks(widest, kColumns), .grid_y = count, .threads = kColumns * kLanes},
         add_parts, sums, wanted);
}

}  // namespace isoloss::device
