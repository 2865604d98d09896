// The bias that attention's logits get by the distance from key to query: a value for each head and
// bucket of distances (T5; model/spec/relative_bucket.h), spread over distances once a step and
// gathered into buckets again for its gradient.
#pragma once
#include <cstdint>

#include "model/kernels/cuda/device.h"

namespace isoloss {

struct ModelSpec;

// Which bucket a distance falls into, on the device.
struct DistanceBuckets {
  DeviceArray<std::int32_t> of_distance;  // [length]
  std::int64_t length = 0;
  std::int64_t buckets = 0;
  std::int64_t near = 0;  // distances from here on are all in the last bucket
};
DistanceBuckets distance_buckets(const ModelSpec& spec, std::int64_t length);

// Floats of a table of biases by distance, and what attention reads: by_distance[head][lead +
// distance], in units of log2(e) (the exponentials are of base 2), zero elsewhere; a row has
// bias_row(length) floats.
inline constexpr std::int64_t kBiasLead = 128;
constexpr std::int64_t bias_row(std::int64_t length) {
  return kBiasLead + (length + 127) / 128 * 128;
}

// by_distance [heads, bias_row(length)] from bias [heads, buckets].
void spread_bias(Stream& stream, const DistanceBuckets& buckets, std::int64_t heads,
                 const float* bias, float* by_distance);

// d_bias[head][bucket] += the sum over i of partial[head][i][bucket], i < `count`, in an order that
// is always the same. partial is [heads, count, buckets].
void add_bias_gradient(Stream& stream, std::int64_t heads, std::int64_t count, std::int64_t buckets,
                       const float* partial, float* d_bias);

}  // namespace isoloss
