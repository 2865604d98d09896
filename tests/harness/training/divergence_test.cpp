// The rule on curves that are written down: its own words (harness/training/divergence.h), counted
// by hand.
#include "harness/training/divergence.h"

#include <gtest/gtest.h>

#include <cmath>
#include <optional>
#include <vector>

namespace isoloss {
namespace {

// ln 16 = 2.7726: the bar lies at 3.7726 for a model that guesses at first.
RunSpec sixteen(std::int64_t warmup) {
  RunSpec spec;
  spec.model.vocabulary = 16;
  spec.optimizer.warmup_steps = warmup;
  return spec;
}

std::vector<StepMetrics> curve(const std::vector<double>& losses) {
  std::vector<StepMetrics> steps;
  for (const double loss : losses)
    steps.push_back({.step = static_cast<std::int64_t>(steps.size()) + 1, .loss = loss});
  return steps;
}

void extend(std::vector<double>& losses, std::size_t count, double loss) {
  losses.insert(losses.end(), count, loss);
}

// The step at which a run of these losses ends, the first `cut` of them read from its curve.
std::optional<std::int64_t> ends_at(const RunSpec& spec, const std::vector<double>& losses,
                                    std::size_t cut = 0) {
  const auto steps = curve(losses);
  LossHistory history = loss_history(spec, std::span(steps).first(cut));
  if (has_diverged(history)) return static_cast<std::int64_t>(cut);
  for (std::size_t i = cut; i < steps.size(); ++i) {
    add_loss(history, spec, steps[i]);
    if (has_diverged(history)) return steps[i].step;
  }
  return std::nullopt;
}

TEST(Divergence, ALossThatClimbsAndStaysThereEndsTheRunAfter200Steps) {
  std::vector<double> losses = {2.9, 2.7, 2.5, 2.3, 2.1};
  extend(losses, 300, 20);
  EXPECT_EQ(ends_at(sixteen(2), losses), 205);
}

TEST(Divergence, ASpikeThatComesBackDoesNot) {
  std::vector<double> losses = {2.9, 2.5};
  for (int spike = 0; spike < 5; ++spike) {
    extend(losses, 199, 20);
    losses.push_back(3.7);
  }
  EXPECT_EQ(ends_at(sixteen(0), losses), std::nullopt);
}

// 2.0 and less is learnt; the other side of the bar is a nat above ln 16.
TEST(Divergence, TheBarIsANatAboveGuessing) {
  std::vector<double> below = {2.0}, above = {2.0};
  extend(below, 400, std::log(16.0) + 0.99);
  extend(above, 400, std::log(16.0) + 1.01);
  EXPECT_EQ(ends_at(sixteen(0), below), std::nullopt);
  EXPECT_EQ(ends_at(sixteen(0), above), 201);
}

TEST(Divergence, StepsOfTheWarmUpDoNotCount) {
  std::vector<double> losses = {2.9};
  extend(losses, 400, 20);
  EXPECT_EQ(ends_at(sixteen(100), losses), 300);
  EXPECT_EQ(ends_at(sixteen(1000), losses), std::nullopt);
}

// From 30 down to 8 in 2200 steps, noise of a third of a nat on it: nothing of it is a climb.
TEST(Divergence, AModelThatBeginsFarAboveAndComesDownTrainsOn) {
  std::vector<double> losses;
  for (int i = 0; i < 2200; ++i) losses.push_back(30 - 0.01 * i + (i % 2 == 0 ? 0.3 : -0.3));
  EXPECT_EQ(ends_at(sixteen(0), losses), std::nullopt);
  extend(losses, 300, 12);  // its best was below 8.1
  EXPECT_EQ(ends_at(sixteen(0), losses), 2400);
}

TEST(Divergence, WhereverItIsStoppedItEndsAtTheSameStep) {
  std::vector<double> losses = {2.9, 2.0};
  extend(losses, 150, 9);
  losses.push_back(2.0);
  extend(losses, 250, 9);
  for (std::size_t cut = 0; cut <= 353; ++cut)
    EXPECT_EQ(ends_at(sixteen(1), losses, cut), 353) << cut;
}

TEST(Divergence, TheReasonNamesTheBarAndTheStep) {
  std::vector<double> losses = {2.5};
  extend(losses, 200, 20);
  EXPECT_EQ(divergence_reason(sixteen(0), loss_history(sixteen(0), curve(losses)), 201),
            "loss is above 3.77, a nat worse than guessing, at all of 200 steps up to step 201");
  losses[0] = 6;
  EXPECT_EQ(divergence_reason(sixteen(0), loss_history(sixteen(0), curve(losses)), 201),
            "loss is above 7.00, a nat worse than its best, at all of 200 steps up to step 201");
}

}  // namespace
}  // namespace isoloss
