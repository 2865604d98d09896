#include "harness/learning_rate.h"

#include <gtest/gtest.h>

#include <cmath>

#include "harness/gradient_norm.h"
#include "harness/optimizer.h"
#include "tests/harness/optimizer_cases.h"

namespace isoloss {
namespace {

// T5's schedule is 1 / sqrt(max(step, 10000)): .01 with a warm-up of 10,000 steps (So et al. 2021).
TEST(LearningRate, RsqrtIsT5s) {
  OptimizerSpec spec;
  spec.learning_rate = 0.01;
  spec.warmup_steps = 10'000;
  EXPECT_DOUBLE_EQ(learning_rate_at(spec, 0), 0.01);
  EXPECT_DOUBLE_EQ(learning_rate_at(spec, 10'000), 0.01);
  EXPECT_DOUBLE_EQ(learning_rate_at(spec, 40'000), 1 / std::sqrt(40'000.0));
}

TEST(LearningRate, ConstantStays) {
  OptimizerSpec spec;
  spec.schedule = ScheduleKind::Constant;
  spec.learning_rate = 0.3;
  EXPECT_EQ(learning_rate_at(spec, 1'000'000), 0.3);
}

// sqrt(.01 + .04 + .09 + .16 + 1 + 4 + .25) by hand.
TEST(GradientNorm, IsTheRootOfAllSquares) {
  const auto gradient = optimizer_cases::gradients<double>()[0];
  EXPECT_NEAR(global_norm<double>(optimizer_cases::table(), gradient), std::sqrt(5.55), 1e-15);
}

TEST(GradientNorm, LeavesPaddingOut) {
  auto gradient = optimizer_cases::gradients<float>()[0];
  gradient[5] = 1e9F;
  EXPECT_NEAR(global_norm<float>(optimizer_cases::table(), gradient), std::sqrt(5.55), 1e-6);
}

TEST(GradientNorm, ClippingKeepsTheDirection) {
  auto gradient = optimizer_cases::gradients<double>()[0];
  clip_gradients<double>(gradient, std::sqrt(5.55), 0.5);
  EXPECT_NEAR(global_norm<double>(optimizer_cases::table(), gradient), 0.5, 1e-15);
  EXPECT_NEAR(gradient[1] / gradient[0], -2.0, 1e-12);
}

TEST(GradientNorm, BelowTheLimitNothingChanges) {
  auto gradient = optimizer_cases::gradients<double>()[0];
  const auto before = gradient;
  clip_gradients<double>(gradient, std::sqrt(5.55), 3.0);
  EXPECT_EQ(gradient, before);
  clip_gradients<double>(gradient, std::sqrt(5.55), 0.0);
  EXPECT_EQ(gradient, before);
}

// The schedule's rate of that step is used: with a warm-up of one step the second step's rate is
// the first's, the fifth's (t = 4) is half of it.
TEST(Optimizer, StepReturnsTheScheduledRate) {
  OptimizerSpec spec;
  spec.learning_rate = 0.2;
  spec.warmup_steps = 1;
  for (const OptimizerKind kind : {OptimizerKind::Adafactor, OptimizerKind::AdamW}) {
    spec.kind = kind;
    const ParameterTable table = optimizer_cases::table();
    std::vector<double> state(static_cast<std::size_t>(optimizer_state_size(table, spec)), 0.0);
    auto weights = optimizer_cases::weights<double>();
    const auto before = weights;
    const auto gradient = optimizer_cases::gradients<double>()[0];
    EXPECT_DOUBLE_EQ(optimizer_step<double>(table, spec, 4, gradient, weights, state), 0.1);
    EXPECT_NE(weights, before);
  }
}

}  // namespace
}  // namespace isoloss
