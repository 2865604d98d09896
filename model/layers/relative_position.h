// Relative-position buckets (model/spec/relative_bucket.h) as a tensor.
#pragma once
#include <ATen/core/Tensor.h>

#include <cstdint>

#include "model/spec/model_spec.h"

namespace isoloss {

// Buckets of the distances 0 .. length - 1, int64 [length].
at::Tensor relative_buckets(const ModelSpec& spec, std::int64_t length);

}  // namespace isoloss
