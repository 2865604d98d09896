#include "model/layers/relative_position.h"

#include <torch/torch.h>

#include "model/spec/relative_bucket.h"

namespace isoloss {

at::Tensor relative_buckets(const ModelSpec& spec, std::int64_t length) {
  at::Tensor buckets = at::empty({length}, at::kLong);
  auto* data = buckets.data_ptr<std::int64_t>();
  for (std::int64_t n = 0; n < length; ++n)
    data[n] = relative_bucket(n, spec.relative_buckets, spec.relative_max_distance);
  return buckets;
}

}  // namespace isoloss
