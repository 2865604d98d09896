#include "harness/training/learning_rate.h"

#include <gtest/gtest.h>

#include <cmath>
#include <cstdint>
#include <vector>

#include "harness/training/gradient_norm.h"
#include "harness/training/optimizer.h"
#include "tests/harness/training/optimizer_cases.h"

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

// (s + 1) / W of the peak up to the W-th update, then the schedule.
TEST(LearningRate, LinearWarmupEndsAtThePeak) {
  OptimizerSpec spec;
  spec.warmup = WarmupKind::Linear;
  spec.warmup_steps = 4;
  spec.learning_rate = 0.8;
  for (const ScheduleKind kind :
       {ScheduleKind::Rsqrt, ScheduleKind::Constant, ScheduleKind::Cosine, ScheduleKind::Wsd}) {
    spec.schedule = kind;
    spec.horizon = 100;
    EXPECT_DOUBLE_EQ(learning_rate_at(spec, 0), 0.2);
    EXPECT_DOUBLE_EQ(learning_rate_at(spec, 1), 0.4);
    EXPECT_DOUBLE_EQ(learning_rate_at(spec, 3), 0.8);
    EXPECT_DOUBLE_EQ(learning_rate_at(spec, 4), 0.8);
  }
}

// At the peak from the first update on.
TEST(LearningRate, NoWarmupIsTheScheduleAlone) {
  OptimizerSpec spec;
  spec.warmup = WarmupKind::Linear;
  spec.warmup_steps = 0;
  spec.learning_rate = 0.8;
  spec.horizon = 1;
  for (const ScheduleKind kind :
       {ScheduleKind::Constant, ScheduleKind::Cosine, ScheduleKind::Wsd}) {
    spec.schedule = kind;
    EXPECT_EQ(learning_rate_at(spec, 0), 0.8);
  }
}

// By default T5's rsqrt has a constant warm-up, cosine and wsd a linear one.
TEST(LearningRate, WarmupFollowsTheSchedule) {
  OptimizerSpec spec;
  spec.warmup_steps = 4;
  spec.learning_rate = 0.8;
  spec.horizon = 100;
  EXPECT_EQ(learning_rate_at(spec, 0), 0.8);
  for (const ScheduleKind kind : {ScheduleKind::Cosine, ScheduleKind::Wsd}) {
    spec.schedule = kind;
    EXPECT_DOUBLE_EQ(learning_rate_at(spec, 0), 0.2);
    spec.warmup = WarmupKind::Constant;
    EXPECT_EQ(learning_rate_at(spec, 0), 0.8);
    spec.warmup.reset();
  }
}

// Loshchilov & Hutter 2017 (arXiv 1608.03983), equation 5: eta_min + (eta_max - eta_min)
// (1 + cos(pi T_cur / T)) / 2. By hand at T_cur / T = 0, 1/3, 1/2, 2/3, 1 with eta_max 1.
TEST(LearningRate, CosineIsLoshchilovAndHutters) {
  OptimizerSpec spec;
  spec.schedule = ScheduleKind::Cosine;
  spec.learning_rate = 1;
  spec.warmup_steps = 10;
  spec.horizon = 70;
  spec.final_ratio = 0;
  EXPECT_DOUBLE_EQ(learning_rate_at(spec, 10), 1);
  EXPECT_NEAR(learning_rate_at(spec, 30), 0.75, 1e-15);
  EXPECT_NEAR(learning_rate_at(spec, 40), 0.5, 1e-15);
  EXPECT_NEAR(learning_rate_at(spec, 50), 0.25, 1e-15);
  EXPECT_NEAR(learning_rate_at(spec, 70), 0, 1e-15);
  spec.final_ratio.reset();  // 0.1
  EXPECT_NEAR(learning_rate_at(spec, 40), 0.55, 1e-15);
  EXPECT_NEAR(learning_rate_at(spec, 70), 0.1, 1e-15);
}

// Haegele et al. 2024 (arXiv 2405.18392), section 3: from N - N_decay on, the peak times
// 1 - (n - (N - N_decay)) / N_decay, or times 1 minus the root of that quotient. By hand.
TEST(LearningRate, WsdCoolsDownOverItsShare) {
  OptimizerSpec spec;
  spec.schedule = ScheduleKind::Wsd;
  spec.learning_rate = 2;
  spec.warmup_steps = 10;
  spec.horizon = 500;  // cools down from 400 on
  EXPECT_EQ(learning_rate_at(spec, 10), 2);
  EXPECT_EQ(learning_rate_at(spec, 400), 2);
  EXPECT_DOUBLE_EQ(learning_rate_at(spec, 425), 1.5);
  EXPECT_NEAR(learning_rate_at(spec, 499), 0.02, 1e-15);
  spec.cooldown = CooldownKind::Sqrt;
  EXPECT_EQ(learning_rate_at(spec, 400), 2);
  EXPECT_DOUBLE_EQ(learning_rate_at(spec, 425), 1);
  EXPECT_NEAR(learning_rate_at(spec, 481), 0.2, 1e-15);  // 1 - sqrt(0.81)
  spec.final_ratio = 0.5;
  EXPECT_DOUBLE_EQ(learning_rate_at(spec, 425), 1.5);
  spec.decay_share = 0.5;
  EXPECT_EQ(learning_rate_at(spec, 250), 2);
  EXPECT_LT(learning_rate_at(spec, 251), 2);
}

// Up to the update that follows the branch step a branch trains with its trunk's very rates.
TEST(LearningRate, ABranchBeginsAsItsTrunk) {
  OptimizerSpec branch;
  branch.schedule = ScheduleKind::Wsd;
  branch.learning_rate = 0.037;
  branch.warmup_steps = 7;
  branch.horizon = 60;
  branch.final_ratio = 0.3;
  const OptimizerSpec trunk = trunk_of(branch);
  for (std::int64_t step = 0; step < branch_step(branch); ++step)
    EXPECT_EQ(learning_rate_at(branch, step), learning_rate_at(trunk, step)) << step;
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

// Four million ones and five: more blocks than are summed at once, the last of them short.
TEST(GradientNorm, LargeTensorsAreSummedWhole) {
  const std::int64_t count = 256 * 16384 + 5;
  const ParameterTable table{{{.name = "large", .shape = {count}, .offset = 0}}, count};
  const std::vector<float> gradient(static_cast<std::size_t>(count), 1.0F);
  EXPECT_DOUBLE_EQ(global_norm<float>(table, gradient), std::sqrt(static_cast<double>(count)));
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
