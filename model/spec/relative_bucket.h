// T5's causal relative-position buckets: half of the buckets are single distances, the rest grow
// logarithmically up to the largest distance (Raffel et al. 2020; mesh, _relative_position_bucket).
#pragma once
#include <cstdint>

namespace isoloss {

// The bucket of a key `distance` >= 0 steps before its query: n < buckets / 2 is its own bucket,
// then buckets/2 + int(ln(n / (buckets/2)) / ln(max_distance / (buckets/2)) * buckets/2), at most
// the last.
std::int64_t relative_bucket(std::int64_t distance, std::int64_t buckets,
                             std::int64_t max_distance);

}  // namespace isoloss
