// A frontier's intervals are what their words say.
#include "analysis/fit/noise_intervals.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "tests/analysis/simulated_study.h"

namespace isoloss {
namespace {

using testing::HasSubstr;
using testing::StartsWith;

// An asymmetric objective has no profile by noise, so that draws alone could give its intervals.
FitOptions drawn(int draws) {
  FitOptions options;
  options.architecture = "base";
  options.frontier = FrontierKind::Surface;
  options.objective = ObjectiveKind::AsymmetricHuber;
  options.bootstrap = draws;
  return options;
}

TEST(FrontierIntervals, WithoutDrawsAreTheScatters) {
  const Fit fit = fit_law(test::simulate(test::large_layout(), 1), drawn(0));
  EXPECT_EQ(fit.intervals, fit.lack_of_fit);
  EXPECT_THAT(fit.uncertainty, StartsWith("scatter about the law (Student t): no draws"));
}

TEST(FrontierIntervals, OfDrawsAreTheirPercentiles) {
  const Fit fit = fit_law(test::simulate(test::large_layout(), 1), drawn(20));
  ASSERT_FALSE(fit.bootstrap_intervals.empty());
  EXPECT_EQ(fit.intervals, fit.bootstrap_intervals);
  EXPECT_THAT(fit.uncertainty, HasSubstr("(draws)"));
}

// Seeds a nat from their mean: nearly no draw of such noise has the data's frontier.
TEST(FrontierIntervals, OfFailedDrawsAreTheScatters) {
  test::StudyLayout layout = test::large_layout();
  layout.evaluation_noise = 0;
  PointTable table = test::simulate(layout, 1);
  for (Point& p : table.points) p.loss += p.seed == 0 ? 1 : -1;
  const Fit fit = fit_law(table, drawn(20));
  EXPECT_GT(fit.failed_resamples, 2);
  EXPECT_FALSE(fit.intervals.empty());
  EXPECT_EQ(fit.intervals, fit.lack_of_fit);
  EXPECT_THAT(fit.uncertainty, HasSubstr("too many draws of the noise failed"));
}

TEST(FrontierIntervals, EqualReplicatesAreNotCalledMissing) {
  test::StudyLayout layout = test::large_layout();
  layout.evaluation_noise = 0;
  FitOptions options = drawn(20);
  options.objective.reset();
  EXPECT_THAT(fit_law(test::simulate(layout, 1), options).uncertainty, HasSubstr("equal losses"));
  layout.seeds.assign(layout.sizes.size(), 1);
  EXPECT_THAT(fit_law(test::simulate(layout, 1), options).uncertainty,
              HasSubstr("no run has a replicate"));
}

// Without its floor the law misses the points by far more than seeds differ: that is flagged, and
// the intervals are the wider ones that the scatter calls for.
TEST(PointIntervals, ScatterBeyondTheNoiseIsFlaggedAndWidens) {
  test::StudyLayout layout = test::large_layout();
  layout.evaluation_noise = 0.0005;
  FitOptions options;
  options.architecture = "base";
  options.law = "chinchilla";
  options.objective = ObjectiveKind::Squares;
  options.bootstrap = 20;
  const Fit right = fit_law(test::simulate(layout, 1), options);
  EXPECT_THAT(right.flags, testing::Not(testing::Contains(StartsWith("scatter_beyond_noise"))));
  EXPECT_EQ(right.interval_kind, IntervalKind::NoiseProfile);
  EXPECT_EQ(right.draw_kind, DrawKind::Noise);
  options.floor = {FloorChoice::Zero, 0};
  const Fit wrong = fit_law(test::simulate(layout, 1), options);
  EXPECT_THAT(wrong.flags, testing::Contains(StartsWith("scatter_beyond_noise: points lie ")));
  const auto width = [](const std::vector<NamedInterval>& intervals) {
    for (const auto& [name, interval] : intervals) {
      if (name == "alpha") return interval.second - interval.first;
    }
    return 0.0;
  };
  EXPECT_GT(width(wrong.intervals), 3 * width(wrong.bootstrap_intervals));
  EXPECT_GT(width(wrong.intervals), 0.5 * width(wrong.lack_of_fit));
}

}  // namespace
}  // namespace isoloss
