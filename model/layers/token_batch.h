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

// The same into `rows`, which is made anew only where it has another shape, or is not defined.
void read_token_rows(std::span<const std::int32_t> tokens, std::int64_t length,
                     std::int64_t vocabulary, at::Tensor& rows);

// The inputs of a model that predicts `targets`: one step later, id 0 first (T5).
at::Tensor shifted_right(const at::Tensor& targets);

}  // namespace isoloss
