// Two hundred simulated tasks of fixed seeds for each noise. An interval that covers with
// probability .95 holds the truth in 181 to 198 of 200 with probability .997 (exact binomial
// quantiles). accuracy_coverage_bench prints them all.
#include "tests/analysis/scores/accuracy_coverage.h"

#include <gtest/gtest.h>

#include <utility>

namespace isoloss {
namespace {

// Noise of ln loss and of accuracy.
class CoverageOfAccuracy : public testing::TestWithParam<std::pair<double, double>> {};

TEST_P(CoverageOfAccuracy, OfComputeAtEqualAccuracyAndOfALargerTrialIsWhatIntervalsClaim) {
#ifdef __SANITIZE_ADDRESS__
  GTEST_SKIP() << "minutes under sanitizers, which see the same code in the tests of the fit";
#endif
  constexpr int kTasks = 200;
  CoverageShare multiplier, trial;
  for (int i = 0; i < kTasks; ++i) {
    AccuracyRecipe recipe;
    recipe.loss_noise = GetParam().first;
    recipe.accuracy_noise = GetParam().second;
    recipe.seed = static_cast<std::uint64_t>(i) + 1;
    const AccuracyFit fit = fit_accuracy(accuracy_task(recipe));
    multiplier.count(middle_multiplier(fit), 2);
    const AccuracyPoint later = larger_trial(recipe);
    trial.count(accuracy_at(*fit.find("primer"), later.flops, fit.level, true).interval,
                later.accuracy);
  }
  for (const CoverageShare& coverage : {multiplier, trial}) {
    EXPECT_EQ(coverage.of, kTasks);
    EXPECT_GE(coverage.held, 181);
    EXPECT_LE(coverage.held, 198);
  }
}

INSTANTIATE_TEST_SUITE_P(Noises, CoverageOfAccuracy,
                         testing::Values(std::pair(0.004, 0.004), std::pair(0.004, 0.012),
                                         std::pair(0.01, 0.004), std::pair(0.01, 0.012)));

}  // namespace
}  // namespace isoloss
