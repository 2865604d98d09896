// Token ids as a step reads them.
#pragma once
#include <ATen/core/Tensor.h>

#include <cstdint>
#include <span>

namespace isoloss {

// int64 [rows, length]. Throws InputError where the tokens are not whole rows or one is outside the
// vocabulary.
at::Tensor token_rows(std::span<const std::int32_t> tokens, std::int64_t length,
                      std::int64_t vocabulary);

// The inputs of a model that predicts `targets`: one step later, id 0 first (T5).
at::Tensor shifted_right(const at::Tensor& targets);

}  // namespace isoloss
