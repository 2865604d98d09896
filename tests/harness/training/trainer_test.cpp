#include "harness/training/trainer.h"

#include <gtest/gtest.h>
#include <unistd.h>

#include <cmath>
#include <limits>
#include <vector>

#include "harness/ranks/self_communicator.h"
#include "harness/training/evaluation.h"
#include "tests/harness/training/periodic_training.h"

namespace isoloss {
namespace {

class Resume : public testing::TestWithParam<OptimizerKind> {};

TEST_P(Resume, IsBitEqualToNeverHavingStopped) {
  const RunSpec spec = tiny_spec(GetParam());
  const PeriodicData data(spec.model.sequence);
  HostTrainingState whole(spec);
  Heard undisturbed;
  train(whole, spec, data, {20, {}}, undisturbed.listener(), kNeverStop);

  Heard parts;
  HostTrainingState first(spec);
  train(first, spec, data, {10, {}}, parts.listener(), kNeverStop);
  HostTrainingState second(spec);
  restore(second, first.step(), first.seconds(), stored(first));
  train(second, spec, data, {20, {}}, parts.listener(), kNeverStop);

  EXPECT_EQ(stored(whole), stored(second));
  ASSERT_EQ(undisturbed.steps.size(), 20U);
  ASSERT_EQ(parts.steps.size(), 20U);
  for (std::size_t i = 0; i < 20; ++i) {
    EXPECT_EQ(undisturbed.steps[i].loss, parts.steps[i].loss) << i;
    EXPECT_EQ(undisturbed.steps[i].step, static_cast<std::int64_t>(i) + 1);
  }
}

INSTANTIATE_TEST_SUITE_P(Optimizers, Resume,
                         testing::Values(OptimizerKind::Adafactor, OptimizerKind::AdamW));

TEST(Trainer, LearnsAPeriodicText) {
  const RunSpec spec = tiny_spec();
  const PeriodicData data(spec.model.sequence);
  HostTrainingState state(spec);
  Heard heard;
  EXPECT_EQ(train(state, spec, data, {150, {{150, 9600, BudgetUnit::Tokens}}}, heard.listener(),
                  kNeverStop),
            TrainingOutcome::Reached);
  // The first token of five is a guess (ln 5 / 16 = 0.10 a token); the rest follows from it.
  ASSERT_EQ(heard.evaluations.size(), 1U);
  EXPECT_LT(heard.evaluations[0].loss, 0.5 * heard.steps[0].loss);
}

TEST(Trainer, EvaluatesWhereAskedAndSaysTheBudget) {
  const RunSpec spec = tiny_spec();
  const PeriodicData data(spec.model.sequence);
  HostTrainingState state(spec);
  Heard heard;
  const std::vector<EvaluationStop> stops = {
      {3, 1e5, BudgetUnit::Flops}, {3, 192, BudgetUnit::Tokens}, {6, 384, BudgetUnit::Tokens}};
  train(state, spec, data, {6, stops}, heard.listener(), kNeverStop);
  ASSERT_EQ(heard.evaluations.size(), 3U);
  EXPECT_EQ(heard.evaluations[0].step, 3);
  EXPECT_EQ(heard.evaluations[0].budget_unit, "flops");
  EXPECT_EQ(heard.evaluations[1].budget, 192);
  EXPECT_EQ(heard.evaluations[1].loss, heard.evaluations[0].loss);
  EXPECT_EQ(heard.evaluations[2].tokens, 6 * 64);
  EXPECT_DOUBLE_EQ(heard.evaluations[2].flops, 6 * flops_per_step(spec));
  EXPECT_EQ(heard.checkpoints, 1);  // at the end
}

// Mean and standard deviation / sqrt(n) of the sequence losses, written out.
TEST(Evaluation, StandardErrorIsOverSequences) {
  const RunSpec spec = tiny_spec();
  const PeriodicData data(spec.model.sequence);
  const LanguageModel model(spec.model, 3);
  SelfCommunicator alone;
  const TokenLosses losses = [&](std::span<const std::int32_t> tokens, std::int64_t length) {
    return model.token_losses(tokens, length);
  };
  const auto measured = evaluate_held_out(losses, data.held_out(), alone, kNeverStop);
  ASSERT_TRUE(measured);
  const Evaluation& evaluation = *measured;
  ASSERT_EQ(evaluation.sequence_losses.size(), 6U);
  double mean = 0, variance = 0;
  for (const float loss : evaluation.sequence_losses) mean += static_cast<double>(loss) / 6;
  for (const float loss : evaluation.sequence_losses) {
    variance += std::pow(static_cast<double>(loss) - mean, 2) / 5;
  }
  EXPECT_NEAR(evaluation.loss, mean, 1e-12);
  EXPECT_NEAR(evaluation.standard_error, std::sqrt(variance / 6), 1e-12);
  EXPECT_GT(evaluation.standard_error, 0);
}

// Whole passes of what the model computes anyway, of which the rest is no cost of these tokens.
TEST(Evaluation, PassesAreMultiplesOfWhatIsComputed) {
  const PeriodicData data(32);
  SelfCommunicator alone;
  std::vector<std::int64_t> sizes;
  const TokenLosses losses = [&](std::span<const std::int32_t> tokens, std::int64_t) {
    sizes.push_back(std::ssize(tokens));
    ::usleep(20'000);
    return std::vector<float>(tokens.size(), 1.0F);
  };
  constexpr std::int64_t kMultiple = 1 << 20;
  const auto measured = evaluate_held_out(losses, data.held_out(), alone, kNeverStop, kMultiple);
  ASSERT_TRUE(measured);
  EXPECT_EQ(sizes.size(), 2U);  // each part whole
  EXPECT_LT(measured->forward_seconds, .02 / (6 * 32));
  EXPECT_GE(measured->forward_seconds, .02 / kMultiple);
}

TEST(Trainer, ALossThatIsNotFiniteEndsTheRunWithItsWeightsAsTheyWere) {
  RunSpec spec = tiny_spec();
  spec.optimizer.learning_rate = 1e30;
  const PeriodicData data(spec.model.sequence);
  HostTrainingState state(spec);
  Heard heard;
  EXPECT_EQ(train(state, spec, data, {50, {}}, heard.listener(), kNeverStop),
            TrainingOutcome::Diverged);
  ASSERT_EQ(heard.diverged.size(), 1U);
  EXPECT_NE(heard.diverged[0].find("not finite at step " + std::to_string(state.step() + 1)),
            std::string::npos)
      << heard.diverged[0];
  EXPECT_EQ(heard.steps.size(), static_cast<std::size_t>(state.step()));
}

// After five steps of warm-up, 200 above ln 16 + 1.
TEST(Trainer, ALossThatClimbsAndStaysFiniteEndsTheRunAtTheSameStepWhereverItIsStopped) {
  const RunSpec spec = climbing_spec();
  const PeriodicData data(spec.model.sequence);
  Heard undisturbed;
  HostTrainingState whole(spec);
  ASSERT_EQ(train(whole, spec, data, {1000, {}}, undisturbed.listener(), kNeverStop),
            TrainingOutcome::Diverged);
  const auto end = static_cast<std::size_t>(whole.step());
  ASSERT_GE(end, 205U);
  ASSERT_EQ(undisturbed.steps.size(), end);
  for (std::size_t i = end - 200; i < end; ++i)
    EXPECT_GT(undisturbed.steps[i].loss, std::log(16.0) + 1) << i;
  ASSERT_EQ(undisturbed.diverged.size(), 1U);
  EXPECT_NE(undisturbed.diverged[0].find("up to step " + std::to_string(end)), std::string::npos)
      << undisturbed.diverged[0];
  EXPECT_EQ(undisturbed.checkpoints, 0);

  for (const std::size_t cut : {std::size_t{3}, std::size_t{90}, end - 1}) {
    Heard heard;
    HostTrainingState first(spec);
    ASSERT_EQ(train(first, spec, data, {1000, {}}, heard.listener(),
                    [&] { return heard.steps.size() == cut; }),
              TrainingOutcome::Stopped);
    HostTrainingState second(spec);
    restore(second, first.step(), first.seconds(), stored(first));
    TrainingSegment rest{1000, {}};
    rest.losses_before = loss_history(spec, heard.steps);
    EXPECT_EQ(train(second, spec, data, rest, heard.listener(), kNeverStop),
              TrainingOutcome::Diverged);
    EXPECT_EQ(heard.diverged, undisturbed.diverged) << cut;
    EXPECT_EQ(stored(second), stored(whole)) << cut;
  }
}

// What is measured at the last step is heard, and the piece of work may end there.
TEST(Trainer, ADivergenceAtTheSegmentsEndIsOneAfterItsEvaluation) {
  const RunSpec spec = climbing_spec();
  const PeriodicData data(spec.model.sequence);
  Heard undisturbed;
  HostTrainingState whole(spec);
  train(whole, spec, data, {1000, {}}, undisturbed.listener(), kNeverStop);
  const std::int64_t end = whole.step();
  ASSERT_LT(end, 1000);
  HostTrainingState state(spec);
  Heard heard;
  EXPECT_EQ(
      train(state, spec, data, {end, {{end, 1, BudgetUnit::Tokens}}}, heard.listener(), kNeverStop),
      TrainingOutcome::Diverged);
  EXPECT_EQ(heard.evaluations.size(), 1U);
  EXPECT_EQ(heard.diverged, undisturbed.diverged);
  HostTrainingState shorter(spec);
  Heard before;
  EXPECT_EQ(train(shorter, spec, data, {end - 1, {}}, before.listener(), kNeverStop),
            TrainingOutcome::Reached);
}

TEST(Trainer, AnUpdateThatIsNotFiniteLeavesTheWeights) {
  const RunSpec spec = tiny_spec();
  HostTrainingState state(spec);
  state.model().weights32()[0] = std::numeric_limits<float>::quiet_NaN();
  const auto before = stored(state);
  const std::vector<std::int32_t> tokens(64, 0);
  EXPECT_FALSE(state.update(tokens).finite);
  EXPECT_EQ(stored(state), before);
  EXPECT_EQ(state.step(), 0);
}

TEST(Trainer, StopsBeforeTheNextStepAndAsksForACheckpoint) {
  const RunSpec spec = tiny_spec();
  const PeriodicData data(spec.model.sequence);
  HostTrainingState state(spec);
  Heard heard;
  const auto outcome =
      train(state, spec, data, {50, {}}, heard.listener(), [&] { return heard.steps.size() == 7; });
  EXPECT_EQ(outcome, TrainingOutcome::Stopped);
  EXPECT_EQ(state.step(), 7);
  EXPECT_EQ(heard.checkpoints, 1);
}

// Two passes of evaluation are due at step 4; a stop that comes at the second is asked for once
// more than before the four steps and the first pass.
TEST(Trainer, AStopLeavesAnEvaluationUnheardAndWhoGoesOnMakesIt) {
  const RunSpec spec = tiny_spec();
  const PeriodicData data(spec.model.sequence);
  const TrainingSegment segment{8, {{4, 256, BudgetUnit::Tokens}, {8, 512, BudgetUnit::Tokens}}};
  HostTrainingState whole(spec);
  Heard undisturbed;
  train(whole, spec, data, segment, undisturbed.listener(), kNeverStop);

  HostTrainingState state(spec);
  Heard heard;
  int asked = 0;
  EXPECT_EQ(train(state, spec, data, segment, heard.listener(), [&] { return ++asked > 5; }),
            TrainingOutcome::Stopped);
  EXPECT_EQ(state.step(), 4);
  EXPECT_EQ(heard.checkpoints, 1);
  EXPECT_TRUE(heard.evaluations.empty());
  EXPECT_EQ(train(state, spec, data, segment, heard.listener(), kNeverStop),
            TrainingOutcome::Reached);
  EXPECT_EQ(stored(state), stored(whole));
  ASSERT_EQ(heard.evaluations.size(), 2U);
  ASSERT_EQ(undisturbed.evaluations.size(), 2U);
  EXPECT_EQ(heard.evaluations[0].loss, undisturbed.evaluations[0].loss);
  EXPECT_EQ(heard.evaluations[0].step, 4);
}

TEST(Trainer, AStopRightAfterACheckpointAsksForNoOther) {
  const RunSpec spec = tiny_spec();
  const PeriodicData data(spec.model.sequence);
  HostTrainingState state(spec);
  Heard heard;
  TrainingSegment segment{8, {}};
  segment.checkpoint_every = std::chrono::seconds(0);
  train(state, spec, data, segment, heard.listener(), [&] { return heard.checkpoints == 3; });
  EXPECT_EQ(state.step(), 3);
  EXPECT_EQ(heard.checkpoints, 3);
}

TEST(Trainer, AsksForCheckpointsEverySoOften) {
  const RunSpec spec = tiny_spec();
  const PeriodicData data(spec.model.sequence);
  HostTrainingState state(spec);
  Heard heard;
  TrainingSegment segment{8, {}};
  segment.checkpoint_every = std::chrono::seconds(0);
  train(state, spec, data, segment, heard.listener(), kNeverStop);
  EXPECT_EQ(heard.checkpoints, 8);
}

// Who still writes the one before lets it pass; at the end nobody may.
TEST(Trainer, ACheckpointThatIsLetPassIsAskedForAfterTheNextStep) {
  const RunSpec spec = tiny_spec();
  const PeriodicData data(spec.model.sequence);
  HostTrainingState state(spec);
  TrainingSegment segment{4, {}};
  segment.checkpoint_every = std::chrono::seconds(0);
  std::vector<std::int64_t> asked, saved;
  bool last = false;
  const auto listener = [&](const TrainingEvent& event) {
    if (const auto* due = std::get_if<CheckpointDue>(&event)) {
      asked.push_back(state.step());
      last = due->last;
      if (state.step() != 2) due->save_in("anywhere");
    }
    if (std::holds_alternative<CheckpointHere>(event)) saved.push_back(state.step());
  };
  train(state, spec, data, segment, listener, kNeverStop);
  EXPECT_EQ(asked, (std::vector<std::int64_t>{1, 2, 3, 4}));
  EXPECT_EQ(saved, (std::vector<std::int64_t>{1, 3, 4}));
  EXPECT_TRUE(last);
}

TEST(Trainer, DoublePrecisionTrainsToo) {
  RunSpec spec = tiny_spec();
  const PeriodicData data(spec.model.sequence);
  HostTrainingState single(spec);
  spec.dtype = "float64";
  HostTrainingState exact(spec);
  Heard singles, exacts;
  train(single, spec, data, {1, {}}, singles.listener(), kNeverStop);
  train(exact, spec, data, {1, {}}, exacts.listener(), kNeverStop);
  EXPECT_EQ(exact.element_bytes(), 8U);
  EXPECT_NEAR(singles.steps[0].loss, exacts.steps[0].loss, 1e-5);
  EXPECT_NEAR(singles.steps[0].gradient_norm, exacts.steps[0].gradient_norm, 1e-4);
}

}  // namespace
}  // namespace isoloss
