#include "model/layers/token_batch.h"

#include <ATen/ATen.h>

#include <array>
#include <string>

#include "model/spec/error.h"

namespace isoloss {

void read_token_rows(std::span<const std::int32_t> tokens, std::int64_t length,
                     std::int64_t vocabulary, at::Tensor& rows) {
  const auto count = static_cast<std::int64_t>(tokens.size());
  if (count == 0 || count % length != 0)
    throw InputError(std::to_string(count) + " tokens were given (rows have " +
                     std::to_string(length) + "); give whole rows");
  const std::array<std::int64_t, 2> shape = {count / length, length};
  if (!rows.defined() || rows.sizes() != at::IntArrayRef(shape)) rows = at::empty(shape, at::kLong);
  auto* to = rows.data_ptr<std::int64_t>();
  for (const std::int32_t token : tokens) {
    if (token < 0 || token >= vocabulary)
      throw InputError("token " + std::to_string(token) + " is outside the vocabulary of " +
                       std::to_string(vocabulary) + " (at place " +
                       std::to_string(to - rows.data_ptr<std::int64_t>()) +
                       "); use the tokenizer that the model was trained with");
    *to++ = token;
  }
}

at::Tensor token_rows(std::span<const std::int32_t> tokens, std::int64_t length,
                      std::int64_t vocabulary) {
  at::Tensor rows;
  read_token_rows(tokens, length, vocabulary, rows);
  return rows;
}

at::Tensor shifted_right(const at::Tensor& targets) {
  at::Tensor inputs = at::zeros_like(targets);
  const std::int64_t kept = targets.size(1) - 1;
  inputs.narrow(1, 1, kept).copy_(targets.narrow(1, 0, kept));
  return inputs;
}

}  // namespace isoloss
