#include "analysis/fit/chinchilla_law.h"

#include <gtest/gtest.h>

#include <cmath>

#include "tests/analysis/chinchilla_grid.h"

namespace isoloss {
namespace {

constexpr ChinchillaLaw kTruth = test::kChinchillaGrid;

TEST(ChinchillaLaw, EfficientPointIsTheBestUseOfItsCompute) {
  // Hoffmann et al. 2022, equation 4: at the optimum a per-cent of N and of D buy the same, alpha A
  // N^-alpha = beta B D^-beta; and nothing of the compute is left.
  const EfficientPoint best = efficient_point(kTruth, 1e21, 6);
  EXPECT_NEAR(6 * best.parameters * best.tokens / 1e21, 1, 1e-12);
  EXPECT_NEAR(kTruth.alpha * kTruth.A * std::pow(best.parameters, -kTruth.alpha) /
                  (kTruth.beta * kTruth.B * std::pow(best.tokens, -kTruth.beta)),
              1, 1e-12);
  for (const double factor : {0.9, 1.1}) {
    EXPECT_GT(kTruth.loss(best.parameters * factor, best.tokens / factor), best.loss);
  }
}

}  // namespace
}  // namespace isoloss
