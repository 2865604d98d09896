// Products of the fused blocks against sums in double precision.
#include <ATen/ATen.h>
#include <gtest/gtest.h>

#include <cmath>
#include <cstdint>

#include "model/kernels/cpu/block_products.h"
#include "model/spec/counter_random.h"

namespace isoloss {
namespace {

struct Case {
  std::int64_t rows, columns, inner;
};

// Widths of less and more than a vector, a panel and a tile, and sums of more than one part.
const Case kCases[] = {{1, 1, 1},    {12, 32, 16},  {13, 33, 17},  {25, 16, 40},
                       {7, 65, 5},   {30, 100, 9},  {5, 48, 1100}, {100, 40, 600},
                       {24, 72, 24}, {1600, 3, 11}, {3, 1000, 1}};

at::Tensor random_matrix(std::int64_t rows, std::int64_t columns, std::uint64_t stream,
                         at::ScalarType type) {
  at::Tensor matrix = at::empty({rows, columns}, at::kDouble);
  auto* to = matrix.data_ptr<double>();
  for (std::int64_t i = 0; i < matrix.numel(); ++i)
    to[i] = static_cast<float>(random_normal(3, stream, static_cast<std::uint64_t>(i)));
  return matrix.to(type);
}

// `count` columns in the middle of wider rows, as Q, K and V lie.
at::Tensor among_others(const at::Tensor& matrix) {
  at::Tensor wider = at::full({matrix.size(0), matrix.size(1) + 7}, NAN, matrix.options());
  at::Tensor part = wider.narrow(1, 3, matrix.size(1));
  part.copy_(matrix);
  return part;
}

class BlockProduct : public testing::TestWithParam<at::ScalarType> {};

TEST_P(BlockProduct, IsTheSumOfProductsHoweverTheOperandsLie) {
  const at::ScalarType type = GetParam();
  for (const Case& c : kCases)
    for (const bool a_turned : {false, true})
      for (const bool b_turned : {false, true})
        for (const Into into : {Into::Overwritten, Into::AddedTo}) {
          const at::Tensor a = random_matrix(c.rows, c.inner, 1, type);
          const at::Tensor b = random_matrix(c.inner, c.columns, 2, type);
          const at::Tensor before = random_matrix(c.rows, c.columns, 3, type);
          const at::Tensor out = among_others(before);
          const at::Tensor left = among_others(a_turned ? a.t() : a);
          const at::Tensor right = among_others(b_turned ? b.t() : b);
          product_into(out, into, {left, a_turned}, {right, b_turned}, 0.75);
          const at::Tensor size = at::mm(a.to(at::kDouble).abs(), b.to(at::kDouble).abs()) + 1;
          at::Tensor expected = 0.75 * at::mm(a.to(at::kDouble), b.to(at::kDouble));
          if (into == Into::AddedTo) expected += before.to(at::kDouble);
          const double worst = ((out.to(at::kDouble) - expected).abs() / size).max().item<double>();
          EXPECT_LT(worst, type == at::kFloat ? 2e-6 : 1e-14)
              << c.rows << " x " << c.inner << " x " << c.columns << (a_turned ? ", a turned" : "")
              << (b_turned ? ", b turned" : "");
        }
}

INSTANTIATE_TEST_SUITE_P(Types, BlockProduct, testing::Values(at::kFloat, at::kDouble));

TEST(BlockProduct, LeavesWhatLiesBesideTheResult) {
  const at::Tensor a = random_matrix(13, 20, 1, at::kFloat);
  const at::Tensor b = random_matrix(20, 37, 2, at::kFloat);
  at::Tensor wider = at::full({15, 50}, 7.0F);
  product_into(wider.narrow(0, 1, 13).narrow(1, 5, 37), {a}, {b});
  wider.narrow(0, 1, 13).narrow(1, 5, 37).fill_(7);
  EXPECT_TRUE(wider.eq(7).all().item<bool>());
}

}  // namespace
}  // namespace isoloss
