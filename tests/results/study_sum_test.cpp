// The line with which study.yaml tells whether it is what was stored.
#include "results/study_sum.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace isoloss {
namespace {

// The sum by Python's xxhash, xxh3_64_hexdigest.
TEST(StudySum, IsACommentAfterTheText) {
  EXPECT_EQ(with_study_sum("study: sample\n"),
            "study: sample\n# XXH3-64 of the lines before this one: 34522ae2f615191e\n");
}

TEST(StudySum, TakesThePlaceOfAnOlderOneAndEndsTheLastLine) {
  const std::string once = with_study_sum("study: sample\n");
  EXPECT_EQ(with_study_sum(once), once);
  EXPECT_EQ(with_study_sum("study: sample"), once);
  const std::string edited = "study: other\n" + once.substr(once.find('#'));
  EXPECT_FALSE(study_sum_fits(edited));
  EXPECT_TRUE(study_sum_fits(with_study_sum(edited)));
}

TEST(StudySum, ATextWithoutItIsTakenAsItIs) {
  EXPECT_TRUE(study_sum_fits(""));
  EXPECT_TRUE(study_sum_fits("study: sample\n# a comment\n"));
}

}  // namespace
}  // namespace isoloss
