#include "model/spec/relative_bucket.h"

#include <algorithm>
#include <cmath>

namespace isoloss {

std::int64_t relative_bucket(std::int64_t distance, std::int64_t buckets,
                             std::int64_t max_distance) {
  const std::int64_t exact = buckets / 2;
  if (distance < exact) return distance;
  const double octave = std::log(static_cast<double>(distance) / static_cast<double>(exact)) /
                        std::log(static_cast<double>(max_distance) / static_cast<double>(exact));
  const auto step = static_cast<std::int64_t>(octave * static_cast<double>(buckets - exact));
  return std::min(exact + step, buckets - 1);
}

}  // namespace isoloss
