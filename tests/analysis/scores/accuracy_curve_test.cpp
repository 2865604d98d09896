#include "analysis/scores/accuracy_curve.h"

#include <gtest/gtest.h>

#include <cmath>

#include "analysis/laws/laws.h"
#include "analysis/solver/law_solver.h"

namespace isoloss {
namespace {

// Python: .25 + .6 / (1 + exp(5 (.9 - 1.1))).
TEST(AccuracyOfLoss, IsTheSigmoidAboveChance) {
  const AccuracyOfLoss sigmoid{0.25, 0.6, 5, 1.1};
  EXPECT_NEAR(sigmoid.accuracy(0.9), 0.688635147178003, 1e-15);
  EXPECT_NEAR(sigmoid.accuracy(200), 0.25, 1e-15);  // at chance, without overflow
  EXPECT_DOUBLE_EQ(sigmoid.accuracy(1.1), 0.55);
}

TEST(AccuracyOfLoss, HasNoLossForWhatItNeverReaches) {
  const AccuracyOfLoss sigmoid{0.25, 0.6, 5, 1.1};
  EXPECT_TRUE(std::isnan(sigmoid.loss(0.25)));
  EXPECT_TRUE(std::isnan(sigmoid.loss(0.85)));
  EXPECT_NEAR(sigmoid.loss(sigmoid.accuracy(0.7)), 0.7, 1e-13);
}

TEST(AccuracyCurve, ComputeOfAnAccuracyIsItsInverse) {
  const AccuracyCurve curve{{30, 0.15, 0.5}, {0.25, 0.7, 6, 1}};
  EXPECT_NEAR(curve.flops_at(curve.accuracy_at(2e12)) / 2e12, 1, 1e-11);
  // 30 C^-.15 = .5 gives loss 1, the middle: C = 60^(1/.15), accuracy .25 + .35.
  EXPECT_NEAR(curve.accuracy_at(std::pow(60, 1 / 0.15)), 0.6, 1e-12);
  EXPECT_TRUE(std::isnan(LossOfCompute({30, 0.15, 0.5}).flops(0.5)));
}

double law_value(const Law& law, const std::map<std::string, double>& parameters, double loss) {
  const std::vector<double> x{loss};
  return predict(law, law_place(x), state_of(law, parameters))[0];
}

TEST(AccuracyLaws, HaveTheFormulasTheyPrint) {
  EXPECT_NEAR(law_value(sigmoid_law(), {{"E", .25}, {"a", .6}, {"k", 5}, {"L0", 1.1}}, .9),
              0.688635147178003, 1e-14);
  EXPECT_NEAR(law_value(sigmoid_law(), {{"E", .25}, {"a", .6}, {"k", 5}, {"L0", 1.1}}, 200), .25,
              1e-14);
  // Python: .3 + .9 exp(-1.7 .9).
  EXPECT_NEAR(law_value(exponential_law(), {{"E", .3}, {"a", .9}, {"gamma", 1.7}}, .9),
              0.49488210058440635, 1e-14);
}

TEST(AccuracyLaws, ExponentialIsRecoveredFromExactPoints) {
  std::vector<double> loss, accuracy;
  for (int i = 0; i < 8; ++i) {
    loss.push_back(0.7 + 0.1 * i);
    accuracy.push_back(0.3 + 0.9 * std::exp(-1.7 * loss.back()));
  }
  const Law law = exponential_law();
  const LawData data = law_data(loss, accuracy);
  const LawSolution solution =
      solve_law(law, data, {ObjectiveKind::Squares, 0, FitSpace::Linear}, {});
  EXPECT_TRUE(solution.converged);
  const auto named = named_parameters(law, data, solution.state);
  EXPECT_NEAR(named[0].second, 0.9, 1e-5);
  EXPECT_NEAR(named[1].second, 1.7, 1e-5);
  EXPECT_NEAR(named[2].second, 0.3, 1e-5);
}

}  // namespace
}  // namespace isoloss
