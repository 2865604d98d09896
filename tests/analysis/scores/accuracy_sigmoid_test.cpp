#include "analysis/scores/accuracy_sigmoid.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "model/spec/error.h"
#include "tests/analysis/scores/accuracy_fixture.h"

namespace isoloss {
namespace {

const std::vector<double> kLosses{1.6, 1.45, 1.3, 1.2, 1.1, 1.0, 0.9, 0.8};
const std::vector<double> kFirst{.3017, .3194, .4039, .4536, .54, .5834, .6551, .6927};
const std::vector<double> kLike{.282, .3357, .3744, .4529, .5093, .5913, .631, .6962};
const std::vector<double> kUnlike{.2701, .3134, .3373, .4059, .4556, .537, .5824, .6571};

std::vector<AccuracyPoint> points_with(const std::string& architecture,
                                       const std::vector<double>& accuracy) {
  std::vector<AccuracyPoint> points;
  for (std::size_t i = 0; i < accuracy.size(); ++i) {
    AccuracyPoint point;
    point.architecture = architecture;
    point.run = architecture + std::to_string(i);
    point.task_loss = kLosses[i];
    point.accuracy = accuracy[i];
    points.push_back(point);
  }
  return points;
}

std::vector<AccuracyPoint> both(const std::vector<double>& second) {
  std::vector<AccuracyPoint> points = points_with("a", kFirst);
  for (const AccuracyPoint& point : points_with("b", second)) points.push_back(point);
  return points;
}

// SciPy's least_squares to 1e-15 from the same points.
TEST(SigmoidFit, IsSciPysLeastSquares) {
  const SigmoidFit fit = fit_sigmoid(points_with("a", kFirst), 0.25);
  EXPECT_NEAR(fit.curve.rise, 0.5284322845426775, 1e-7);
  EXPECT_NEAR(fit.curve.slope, 5.179021106656008, 1e-6);
  EXPECT_NEAR(fit.curve.middle, 1.12001971262189, 1e-7);
  EXPECT_NEAR(fit.squares, 0.0006016334037933547, 1e-14);
  EXPECT_TRUE(fit.flags.empty());
}

TEST(SigmoidFit, RecoversExactPoints) {
  const SigmoidFit fit = fit_sigmoid(accuracy_task({}).points, 0.25);
  EXPECT_NEAR(fit.curve.rise, 0.7, 1e-6);
  EXPECT_NEAR(fit.curve.slope, 6, 1e-5);
  EXPECT_NEAR(fit.curve.middle, 1, 1e-6);
}

// From the foot of the curve alone the best accuracy is not known, but it is never above 1.
TEST(SigmoidFit, NeverPromisesMoreThanEveryAnswer) {
  AccuracyRecipe recipe;
  recipe.budgets = {1e10, 2e10, 4e10, 8e10};
  recipe.accuracy_noise = 0.003;
  const SigmoidFit fit = fit_sigmoid(accuracy_task(recipe).points, 0.25);
  EXPECT_LE(fit.curve.chance + fit.curve.rise, 1 + 1e-12);
}

TEST(SigmoidFit, WithoutAnyAccuracyAboveChanceIsRefused) {
  auto points = points_with("a", std::vector<double>(8, 0.24));
  try {
    fit_sigmoid(points, 0.25);
    FAIL() << "no error";
  } catch (const WorkError& error) {
    EXPECT_THAT(error.what(), ::testing::HasSubstr("no accuracy is above chance"));
  }
  points.resize(3);
  EXPECT_THROW(fit_sigmoid(points, 0.1), WorkError);
}

// F and its p by SciPy: the residual sums of squares of the pooled and the two separate fits, f.sf
// with 3 and 10 degrees of freedom.
TEST(SharingTest, IsTheFTestOfOneSigmoidAgainstTwo) {
  const SharingTest like = test_sharing(both(kLike), 0.25, 199, 1);
  ASSERT_TRUE(like.tested) << like.why_not;
  EXPECT_NEAR(like.f, 1.1312507018333506, 1e-6);
  EXPECT_NEAR(like.p, 0.3826470059659705, 1e-6);
  EXPECT_TRUE(like.shared());
  const SharingTest unlike = test_sharing(both(kUnlike), 0.25, 199, 1);
  EXPECT_NEAR(unlike.f, 28.309799316308393, 1e-5);
  EXPECT_NEAR(unlike.p, 3.353699303049582e-05, 1e-9);
  EXPECT_LT(unlike.bootstrap_p, 0.05);
  EXPECT_FALSE(unlike.shared());
}

// Where the hypothesis holds, the resampled p falls below one half about half of the time.
TEST(SharingTest, ResampledPIsEvenWhereOneSigmoidServes) {
  int low = 0, tenth = 0;
  const int kTasks = 60;
  for (int i = 0; i < kTasks; ++i) {
    AccuracyRecipe recipe;
    recipe.accuracy_noise = 0.01;
    recipe.seed = static_cast<std::uint64_t>(i) + 10;
    const SharingTest test = test_sharing(accuracy_task(recipe).points, 0.25, 99, 1);
    low += test.bootstrap_p < 0.5;
    tenth += test.bootstrap_p <= 0.1;
  }
  EXPECT_NEAR(low, 30, 14);  // binomial, 60 draws: 3.6 standard deviations
  EXPECT_LE(tenth, 16);      // expected 6
}

TEST(SharingTest, OfOneArchitectureOrTooFewPointsIsNotMade) {
  EXPECT_FALSE(test_sharing(points_with("a", kFirst), 0.25, 99, 1).tested);
  auto points = both(kLike);
  points.resize(12);
  const SharingTest test = test_sharing(points, 0.25, 99, 1);
  EXPECT_FALSE(test.tested);
  EXPECT_EQ(test.why_not, "b has 4 points, fewer than 5");
  EXPECT_TRUE(test.shared());
}

TEST(RunFactor, HasMeanZeroAndVarianceOne) {
  double sum = 0, squares = 0;
  const int draws = 20000;
  for (int i = 0; i < draws; ++i) {
    const double factor = run_factor(3, "run", static_cast<std::uint64_t>(i));
    sum += factor;
    squares += factor * factor;
  }
  EXPECT_NEAR(sum / draws, 0, 0.03);
  EXPECT_NEAR(squares / draws, 1, 0.02);
}

}  // namespace
}  // namespace isoloss
