#include "analysis/savings/next_study.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <cmath>

#include "analysis/numbers/statistics.h"
#include "model/spec/error.h"
#include "tests/analysis/simulated_study.h"
#include "tests/repeats.h"

namespace isoloss {
namespace {

SavingsOptions options_of(const test::StudyLayout& layout) {
  SavingsOptions options;
  options.baseline = layout.laws[0].name;
  options.candidate = layout.laws[1].name;
  options.bootstrap = 0;
  options.at = {1.8};
  return options;
}

// A study of the same truth again and again: the spread of its ln savings is what the plan says a
// single study of that many seeds has. 400 studies give a deviation to 3.5 % (100 to 7 %); noise
// measured from 16 degrees of freedom varies by 18 %, its mean square by 6 % over 40 studies.
TEST(NextStudy, PredictsTheSpreadOfStudiesWithMoreSeeds) {
  test::StudyLayout layout = test::quickstart_layout();
  layout.seeds = {3, 3, 3, 3, 3};
  const SavingsOptions options = options_of(layout);
  const auto studies = static_cast<int>(test::repeats(400, 100));
  double sum = 0, squares = 0;
  for (int study = 0; study < studies; ++study) {
    const double value =
        std::log(compute_savings(test::simulate(layout, static_cast<std::uint64_t>(study)), options)
                     .at.front()
                     .savings);
    sum += value / studies;
    squares += value * value / studies;
  }
  const double spread = std::sqrt(squares - sum * sum);

  const test::StudyLayout small = test::quickstart_layout();
  double predicted = 0, degrees = 0;
  const int plans = 40;
  for (int study = 0; study < plans; ++study) {
    const PointTable table = test::simulate(small, static_cast<std::uint64_t>(study));
    const Savings savings = compute_savings(table, options);
    const NextStudy next = plan_next_study(table, options, savings, 20);
    const auto three = std::find_if(next.seeds.begin(), next.seeds.end(), [](const SeedPlan& plan) {
      return plan.sizes == "all" && plan.seeds == 3;
    });
    ASSERT_NE(three, next.seeds.end());
    EXPECT_EQ(three->runs, 2 * 3 * 2);  // three sizes of two architectures lack two seeds
    degrees = savings.seed_noise.degrees + three->runs;
    predicted += std::pow(three->half_width / student_factor(degrees, 0.95), 2) / plans;
  }
  EXPECT_NEAR(std::sqrt(predicted) / spread, 1, 0.15);
}

TEST(NextStudy, MoreSeedsResolveLessAndOneMoreSeedNarrows) {
  const test::StudyLayout layout = test::quickstart_layout();
  const PointTable table = test::simulate(layout, 1);
  const SavingsOptions options = options_of(layout);
  const Savings savings = compute_savings(table, options);
  const NextStudy next = plan_next_study(table, options, savings, 10);
  double before = next.resolved_percent;
  for (const SeedPlan& plan : next.seeds) {
    if (plan.sizes != "all") continue;
    EXPECT_LT(plan.resolved_percent, before) << plan.seeds;
    EXPECT_EQ(plan.resolves, plan.resolved_percent <= 10);
    before = plan.resolved_percent;
  }
  ASSERT_EQ(next.runs.size(), 10u);  // five sizes of two architectures
  for (std::size_t i = 1; i < next.runs.size(); ++i) {
    EXPECT_GE(next.runs[i - 1].shrinks_per_exaflop, next.runs[i].shrinks_per_exaflop);
  }
  EXPECT_GT(next.runs.front().shrinks, 0);
  // The budgets of a run are spent once: the largest of them.
  for (const NextRun& run : next.runs) {
    EXPECT_EQ(run.flops, run.size == "s0" ? 9.3e11 : 2e12) << run.size;
  }
}

TEST(NextStudy, WithoutMeasuredNoiseNothingIsPlanned) {
  test::StudyLayout layout = test::quickstart_layout();
  layout.seeds = {1, 1, 1, 1, 1};
  const PointTable table = test::simulate(layout, 1);
  const SavingsOptions options = options_of(layout);
  const NextStudy next = plan_next_study(table, options, compute_savings(table, options), 10);
  EXPECT_TRUE(next.seeds.empty());
  EXPECT_TRUE(next.runs.empty());
}

TEST(NextStudy, APercentageThatIsNoneIsRefused) {
  const PointTable table = test::simulate(test::quickstart_layout(), 1);
  const SavingsOptions options = options_of(test::quickstart_layout());
  EXPECT_THROW(plan_next_study(table, options, compute_savings(table, options), 0), InputError);
}

}  // namespace
}  // namespace isoloss
