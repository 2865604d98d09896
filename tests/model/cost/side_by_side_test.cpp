#include "model/cost/side_by_side.h"

#include <gtest/gtest.h>

namespace isoloss {
namespace {

TEST(SideBySide, EachThreadTakesAPartOfTheRowsWhereTheyDivide) {
  EXPECT_EQ(parts_side_by_side(12, 2, 4e6), 2);
  EXPECT_EQ(parts_side_by_side(12, 4, 4e6), 4);
  EXPECT_EQ(parts_side_by_side(12, 1, 4e6), 1);
  EXPECT_EQ(parts_side_by_side(12, 5, 4e6), 1);
  EXPECT_EQ(parts_side_by_side(1, 2, 4e6), 1);
}

// Three buffers beside the first: of 5 MB 15 together, of 6 MB 18.
TEST(SideBySide, NotWhereTheFurtherGradientsTakeTooMuchMemory) {
  EXPECT_EQ(parts_side_by_side(8, 4, 5e6), 4);
  EXPECT_EQ(parts_side_by_side(8, 4, 6e6), 1);
}

}  // namespace
}  // namespace isoloss
