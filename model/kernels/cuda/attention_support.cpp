#include "model/kernels/cuda/attention.h"
#include "model/spec/model_spec.h"
#include "model/spec/relative_bucket.h"

namespace isoloss {

bool attention_has_kernel(const ModelSpec& spec, std::int64_t length) {
  if (spec.d_head % 8 != 0 || spec.d_head > kWidestHead) return false;
  return spec.positions != Positions::Relative || length <= kMostDistances ||
         relative_bucket(kMostDistances, spec.relative_buckets, spec.relative_max_distance) ==
             spec.relative_buckets - 1;
}

}  // namespace isoloss
