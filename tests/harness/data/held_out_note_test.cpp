#include "harness/data/held_out_note.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace isoloss {
namespace {

TEST(HeldOutNote, SaysWhatIsMoreThanTwiceTheShare) {
  EXPECT_EQ(held_out_note(5, 95, 0.05), "");
  EXPECT_EQ(held_out_note(10, 90, 0.05), "");
  EXPECT_THAT(held_out_note(11, 89, 0.05),
              testing::StartsWith("11 % of the text is held out, where 5 % is asked for ("));
}

TEST(HeldOutNote, LargeSharesAreWholePercents) {
  EXPECT_THAT(held_out_note(999, 1, 0.05), testing::StartsWith("100 % of the text is held out, "));
}

TEST(HeldOutNote, SmallSharesAreNotRoundedAway) {
  EXPECT_THAT(held_out_note(2, 998, 0.0005),
              testing::StartsWith("0.2 % of the text is held out, where 0.05 % is asked for ("));
}

}  // namespace
}  // namespace isoloss
