#include "analysis/scores/paired_scores.h"

#include <gtest/gtest.h>

#include <cmath>

#include "model/spec/counter_random.h"
#include "model/spec/error.h"
#include "tests/analysis/task_scores_sample.h"

namespace isoloss {
namespace {

// SciPy: binomtest(3, 12, .5).pvalue and so on.
TEST(McNemarTest, IsTheExactBinomialOne) {
  EXPECT_NEAR(mcnemar_p(3, 9), 0.14599609375, 1e-14);
  EXPECT_NEAR(mcnemar_p(9, 3), 0.14599609375, 1e-14);
  EXPECT_NEAR(mcnemar_p(10, 21), 0.07075554598122835, 1e-14);
  EXPECT_EQ(mcnemar_p(5, 5), 1);
  EXPECT_EQ(mcnemar_p(0, 0), 1);
}

TEST(PairedScores, CountItemsThatOneModelAloneHasRight) {
  const PairedScores paired =
      compare_scores(scores_of({1, 1, 0, 0, 1}), scores_of({1, 0, 1, 1, 1}));
  ASSERT_TRUE(paired.mcnemar);
  EXPECT_EQ(paired.mcnemar->baseline_only, 1U);
  EXPECT_EQ(paired.mcnemar->candidate_only, 2U);
  EXPECT_NEAR(paired.difference, 0.2, 1e-15);
}

TEST(PairedScores, HaveNoMcNemarWhereAnswersAreRightInPart) {
  EXPECT_FALSE(compare_scores(scores_of({1, 0.5}), scores_of({1, 0})).mcnemar);
}

// 300 pairs of which 60 and 90 are discordant, in clusters of one and of three: the percentiles of
// the draws are those of a normal of the clustered standard error, to what 4000 draws tell.
TEST(PairedScores, IntervalsAreThoseOfTheClusteredStandardError) {
  std::vector<double> a, b;
  for (std::uint64_t i = 0; i < 300; ++i) {
    const double u = random_uniform(5, stream_of("test"), i);
    a.push_back(u < 0.2 || u > 0.6);
    b.push_back((u >= 0.2 && u < 0.5) || u > 0.6);
  }
  PairedOptions options;
  options.draws = 4000;
  for (const std::size_t per_cluster : {1U, 3U}) {
    const PairedScores paired =
        compare_scores(scores_of(a, per_cluster), scores_of(b, per_cluster), options);
    ASSERT_TRUE(paired.interval);
    EXPECT_EQ(paired.clusters, 300 / per_cluster);
    const double wide = 2 * 1.959964 * paired.standard_error;
    EXPECT_NEAR(paired.interval->second - paired.interval->first, wide, 0.08 * wide);
    EXPECT_NEAR((paired.interval->second + paired.interval->first) / 2, paired.difference,
                0.1 * wide);
  }
}

TEST(PairedScores, OfEqualAnswersDifferByNothing) {
  const PairedScores paired = compare_scores(scores_of({1, 0, 1, 0}), scores_of({1, 0, 1, 0}));
  EXPECT_EQ(paired.difference, 0);
  EXPECT_EQ(paired.bootstrap_p, 1);
  EXPECT_EQ(paired.mcnemar->p, 1);
}

TEST(PairedScores, DrawsDependOnTheSeedAlone) {
  const TaskScores a = scores_of({1, 0, 1, 0, 1, 1, 0, 1}), b = scores_of({0, 0, 1, 1, 1, 1, 1, 1});
  EXPECT_EQ(compare_scores(a, b).interval, compare_scores(a, b).interval);
}

TEST(PairedScores, OfOtherItemsCardsOrShotsAreRefused) {
  const TaskScores a = scores_of({1, 0});
  const auto refused = [&](TaskScores b) { EXPECT_THROW(compare_scores(a, b), InputError); };
  refused(scores_of({1, 0, 1}));
  TaskScores b = a;
  b.items[1].id += "x";
  refused(b);
  b = a;
  b.card_digest = "other";
  refused(b);
  b = a;
  b.shots = 0;
  refused(b);
  b = a;
  b.suite_seed = 3;
  refused(b);
}

}  // namespace
}  // namespace isoloss
