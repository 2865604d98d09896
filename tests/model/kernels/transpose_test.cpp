// Transposition of bfloat16 against LibTorch's, at sizes with and without whole blocks.
#include "model/kernels/cpu/transpose.h"

#include <ATen/ATen.h>
#include <gtest/gtest.h>

namespace isoloss {
namespace {

at::Tensor numbers(std::int64_t rows, std::int64_t columns) {
  return at::arange(rows * columns, at::kFloat).view({rows, columns}).sin().to(at::kBFloat16);
}

class Transpose : public testing::TestWithParam<std::pair<std::int64_t, std::int64_t>> {};

TEST_P(Transpose, MovesEveryElementToItsPlace) {
  const auto [rows, columns] = GetParam();
  const at::Tensor from = numbers(rows, columns);
  at::Tensor to = at::empty({columns, rows}, at::kBFloat16);
  transpose(rows, columns, from.const_data_ptr<at::BFloat16>(), to.data_ptr<at::BFloat16>());
  EXPECT_TRUE(at::equal(to, from.t()));
}

TEST_P(Transpose, AddsTheScaledTransposeToWhatIsThere) {
  const auto [rows, columns] = GetParam();
  const at::Tensor from = numbers(rows, columns);
  at::Tensor to = at::full({columns, rows}, 3.0f);
  add_transposed(rows, columns, from.const_data_ptr<at::BFloat16>(), 0.5f, to.data_ptr<float>());
  EXPECT_TRUE(at::equal(to, 3 + 0.5 * from.t().to(at::kFloat)));
}

INSTANTIATE_TEST_SUITE_P(Sizes, Transpose,
                         testing::Values(std::pair{1, 1}, std::pair{32, 16}, std::pair{64, 48},
                                         std::pair{33, 17}, std::pair{47, 70},
                                         std::pair{512, 384}));

}  // namespace
}  // namespace isoloss
