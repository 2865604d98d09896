#include "harness/training/training_limit.h"

#include <gtest/gtest.h>

namespace isoloss {
namespace {

// 2026-11-27 00:00:00 UTC (date -u -d 2026-11-27 +%s).
const std::chrono::system_clock::time_point kNow{std::chrono::seconds(1'795'737'600)};

TEST(TrainingLimit, AnAllocationIsLeftAMinuteBeforeItsEnd) {
  EXPECT_DOUBLE_EQ(*seconds_in_allocation("1795741200", kNow), 3600 - 60);
}

TEST(TrainingLimit, AShortAllocationIsLeftATenthBeforeItsEnd) {
  EXPECT_DOUBLE_EQ(*seconds_in_allocation("1795737700", kNow), 100 - 10);
}

TEST(TrainingLimit, AnEndThatIsNoneOrNotAheadSaysNothing) {
  for (const char* end : {"", "soon", "1795741200x", "1e9", "1795737600", "0", "-5"})
    EXPECT_FALSE(seconds_in_allocation(end, kNow)) << end;
  EXPECT_FALSE(seconds_in_allocation(nullptr, kNow));
}

TEST(TrainingLimit, TheShorterOfWhatWasAskedAndWhatIsLeftCounts) {
  ::unsetenv("SLURM_JOB_END_TIME");
  EXPECT_FALSE(training_limit(std::nullopt));
  EXPECT_EQ(training_limit(5), 5);
  ::setenv("SLURM_JOB_END_TIME", "99999999999", 1);  // in the year 5138
  EXPECT_EQ(training_limit(5), 5);
  EXPECT_GT(training_limit(std::nullopt), 1e9);
  EXPECT_LT(training_limit(1e12), 1e12);
  ::unsetenv("SLURM_JOB_END_TIME");
}

}  // namespace
}  // namespace isoloss
