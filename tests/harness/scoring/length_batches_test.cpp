// Batches by hand.
#include "harness/scoring/length_batches.h"

#include <gtest/gtest.h>

#include <vector>

namespace isoloss {
namespace {

using Batches = std::vector<std::vector<std::size_t>>;

TEST(LengthBatches, GoFromTheLongestWithinTheTokensReadAtOnce) {
  const std::vector<RowLength> rows = {{3, 3}, {8, 8}, {4, 4}, {5, 5}, {4, 4}};
  EXPECT_EQ(length_batches(rows, {16, 1000, 1000}), (Batches{{1, 3}, {2, 4, 0}}));
}

TEST(LengthBatches, HoldNoMoreTokensThanTheStateMay) {
  const std::vector<RowLength> rows = {{2, 50}, {2, 30}, {2, 20}, {1, 45}};
  EXPECT_EQ(length_batches(rows, {1000, 100, 1000}), (Batches{{0, 1}, {2, 3}}));
}

TEST(LengthBatches, ARowThatIsTooLargeGoesAlone) {
  const std::vector<RowLength> rows = {{9, 9}, {1, 1}};
  EXPECT_EQ(length_batches(rows, {5, 5, 1000}), (Batches{{0}, {1}}));
}

// Two rows of 10, padding included, reach 15 tokens, and 7 is less than three quarters of 10; then
// 7 and 2 come to 14 tokens, so that 1 still fits.
TEST(LengthBatches, OnceLargeEnoughTakeNoMuchShorterRows) {
  const std::vector<RowLength> rows = {{10, 10}, {8, 8}, {7, 7}, {2, 2}, {1, 1}};
  EXPECT_EQ(length_batches(rows, {1000, 1000, 15}), (Batches{{0, 1}, {2, 3, 4}}));
}

TEST(LengthBatches, OfNothingAreNone) { EXPECT_TRUE(length_batches({}, {10, 10}).empty()); }

}  // namespace
}  // namespace isoloss
