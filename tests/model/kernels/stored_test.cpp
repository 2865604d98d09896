// bfloat16 by its definition (the upper half of a float, to nearest, ties to even), and the small
// passes between products by hand.
#include "model/kernels/cpu/stored.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <cmath>
#include <limits>
#include <vector>

#include "model/kernels/cpu/activation.h"
#include "model/kernels/cpu/row_operations.h"

namespace isoloss {
namespace {

using testing::ElementsAre;
using BFloat16 = c10::BFloat16;

std::uint16_t bits(float x) { return stored<BFloat16>(x).x; }

// 1 is 0x3f80, its neighbour 1 + 2^-7; half of the way goes to the even of both.
TEST(Stored, BFloat16RoundsToNearestEven) {
  EXPECT_EQ(bits(1.0f), 0x3f80);
  EXPECT_EQ(bits(1.0f + 0x1p-8f), 0x3f80);
  EXPECT_EQ(bits(1.0f + 0x1p-8f + 0x1p-20f), 0x3f81);
  EXPECT_EQ(bits(1.0f + 0x1p-7f + 0x1p-8f), 0x3f82);
  EXPECT_EQ(bits(-2.0f), 0xc000);
  EXPECT_EQ(real(stored<BFloat16>(-2.0f)), -2.0f);
}

TEST(Stored, BFloat16KeepsInfinityAndNaN) {
  EXPECT_EQ(real(stored<BFloat16>(std::numeric_limits<float>::infinity())),
            std::numeric_limits<float>::infinity());
  EXPECT_TRUE(std::isnan(real(stored<BFloat16>(std::nanf("")))));
}

TEST(RowOperations, BranchAndBiasAreAddedToTheStream) {
  const std::vector<double> stream{1, 2, 3, 4}, branch{10, 20, 30, 40}, bias{100, 200};
  std::vector<double> to(4);
  add_branch(2, 2, stream.data(), branch.data(), bias.data(), to.data());
  EXPECT_THAT(to, ElementsAre(111, 222, 133, 244));
  add_branch<double>(2, 2, stream.data(), branch.data(), nullptr, to.data());
  EXPECT_THAT(to, ElementsAre(11, 22, 33, 44));
  add_branch<double>(2, 2, nullptr, branch.data(), bias.data(), to.data());
  EXPECT_THAT(to, ElementsAre(110, 220, 130, 240));
}

TEST(RowOperations, SumsRunDownTheColumnsAndAreAdded) {
  const std::vector<double> from{1, 2, 3, 4};
  std::vector<double> sums{10, 20};
  add_rows(2, 2, from.data(), sums.data());
  EXPECT_THAT(sums, ElementsAre(14, 26));
  add_all(2, from.data(), 0.5, sums.data());
  EXPECT_THAT(sums, ElementsAre(14.5, 27));
}

// A thousand rows are worth a second thread where there is one: sums are the same.
TEST(RowOperations, LargeMatricesAreSummedWhole) {
  const std::vector<float> ones(1000 * 70, 1.0f);
  std::vector<float> sums(70);
  add_rows(1000, 70, ones.data(), sums.data());
  EXPECT_THAT(sums, testing::Each(1000.0f));
}

// No bias is a bias of zero: ReLU of 3 and -1, with a gate of 2 and -5.
TEST(Activation, WithoutBiasByHand) {
  std::vector<double> before{2, -5, 3, -1}, after(2), d_before(4);
  const ActivationShape shape{1, 2, Activation::Relu, true};
  activation_forward<double>(shape, nullptr, before.data(), after.data());
  EXPECT_THAT(after, ElementsAre(6, 0));
  const std::vector<double> d_after{10, 10};
  activation_backward<double>(shape, nullptr, before.data(), d_after.data(), d_before.data(),
                              nullptr);
  EXPECT_THAT(d_before, ElementsAre(30, 0, 20, 0));
}

}  // namespace
}  // namespace isoloss
