// The fixture of the report's tests, and that it holds what it says.
#include <fmt/format.h>
#include <gtest/gtest.h>

#include <cmath>

#include "model/spec/counter_random.h"
#include "results/run_file.h"
#include "results/study_folder.h"
#include "tests/analysis/report/report_fixture.h"

namespace isoloss {
namespace {

constexpr std::uint64_t kNoise = 7, kSequence = 8, kOwn = 9, kScore = 10;
const std::vector<std::pair<std::string, double>> kSizes{
    {"24x2", 8'000}, {"32x2", 14'000}, {"32x4", 25'000}, {"48x4", 45'000}};

RunRecord record_of(const StudyRecipe& recipe, const std::string& architecture, double saving,
                    std::size_t size, std::uint64_t seed, double rate) {
  RunRecord run;
  RunHeader& header = run.header;
  header.architecture = architecture;
  header.size = kSizes[size].first;
  header.seed = seed;
  header.learning_rate = rate;
  header.study = recipe.study;
  header.machine = recipe.machine;
  header.code_version = "fixture";
  const auto model = recipe.models.find(architecture);
  header.spec_json = fmt::format(
      R"({{{}"optimizer":{{"name":"adafactor","schedule":"rsqrt","warmup_steps":200,"clip_norm":0,)"
      R"("z_loss":0.0001,"min_dim_factored":128}},"dtype":"float32"}})",
      model == recipe.models.end() ? "" : fmt::format(R"("model":{},)", model->second));
  const auto parameters = static_cast<std::int64_t>(kSizes[size].second);
  header.parameters_total = parameters;
  header.parameters_embedding = parameters / 4;
  header.layers = 2;
  header.d_model = 32;
  header.batch_tokens = static_cast<std::int64_t>(recipe.batch_tokens);
  header.sequence = 128;
  header.tokenizer = "bytes";
  header.tokenizer_hash = "00000000000000aa";
  header.held_out_hash = "00000000000000bb";
  header.training_tokens = 12e6;
  if (recipe.floor_known) header.floor = kFixtureFloor;
  const double per_token = 6.0 * kSizes[size].second * 1.5;
  header.flops_per_token = {{"exact", per_token}, {"6N", 6.0 * kSizes[size].second}};
  header.id =
      fmt::format("{:016x}", stream_of(fmt::format("{} {} {} {}", architecture, size, seed, rate)));
  const std::uint64_t stream = stream_of(header.id);
  const double penalty = 0.1 * std::pow(std::log(rate / 0.05), 2);
  const double shift = recipe.seed_noise * random_normal(seed, stream, kNoise);
  for (const double budget : recipe.budgets) {
    Evaluation evaluation;
    const double per_step = per_token * recipe.batch_tokens;
    evaluation.step = static_cast<std::int64_t>(std::ceil(budget / per_step));
    evaluation.flops = static_cast<double>(evaluation.step) * per_step;
    evaluation.tokens = static_cast<double>(evaluation.step) * recipe.batch_tokens;
    evaluation.seconds = evaluation.flops / 3e10;
    evaluation.budget = budget;
    evaluation.budget_unit = "flops";
    evaluation.loss = fixture_loss(kSizes[size].second, evaluation.flops, saving) + penalty + shift;
    evaluation.selection_loss = evaluation.loss + 0.01;
    evaluation.standard_error = 0.011;
    for (std::uint64_t i = 0; i < 64; ++i) {
      evaluation.sequence_losses.push_back(
          static_cast<float>(evaluation.loss + 0.1 * random_normal(1, kSequence, i) +
                             0.01 * random_normal(2, stream + kOwn, i)));
    }
    const auto score = [&](const char* task, double value, double chance) {
      const double noise = 0.01 * random_normal(seed, stream + stream_of(task), kScore);
      run.scores.push_back({evaluation.step, task, "accuracy", value + noise, 0.03, 200, chance});
    };
    score("last-word", fixture_last_word(evaluation.loss), 0);
    score("continuation", fixture_continuation(evaluation.loss), 0.25);
    run.evaluations.push_back(std::move(evaluation));
  }
  for (std::int64_t step = 1; step <= run.evaluations.back().step; step += 1) {
    StepMetrics metrics;
    metrics.step = step;
    const double flops = static_cast<double>(step) * per_token * recipe.batch_tokens;
    metrics.loss = std::min(5.5, fixture_loss(kSizes[size].second, flops, saving)) +
                   0.05 * random_normal(3, stream, static_cast<std::uint64_t>(step));
    metrics.learning_rate = rate;
    metrics.gradient_norm = 1;
    metrics.seconds = static_cast<double>(step);
    run.steps.push_back(metrics);
  }
  run.state = RunState::Finished;
  return run;
}

std::string store(const StudyFolder& folder, RunRecord run) {
  std::filesystem::create_directories(folder.run(run.header.id));
  write_run_file(folder.run_file(run.header.id), run);
  return run.header.id;
}

}  // namespace

double fixture_loss(double parameters, double flops, double saving) {
  const double optimum = std::log(20'000.0) + 0.5 * std::log(flops / 9.3e11);
  return kFixtureFloor + 0.62 * std::pow(saving * flops / 1e12, -0.25) +
         0.15 * std::pow(std::log(parameters) - optimum, 2);
}

double fixture_last_word(double loss) { return 0.6 / (1 + std::exp(4 * (loss - 1.8))); }
double fixture_continuation(double loss) { return 0.25 + 0.7 / (1 + std::exp(4 * (loss - 1.8))); }

test::TemporaryFolder write_study(const StudyRecipe& recipe) {
  test::TemporaryFolder own;
  const StudyFolder folder{own.path()};
  std::filesystem::create_directories(folder.runs());
  std::filesystem::create_directories(folder.decisions());
  for (std::size_t a = 0; a < recipe.architectures.size(); ++a) {
    const auto& [name, saving] = recipe.architectures[a];
    if (recipe.rate_list) {
      for (const double rate : {0.05 / recipe.rate_step, 0.05, 0.05 * recipe.rate_step}) {
        for (std::size_t size = 0; size < kSizes.size(); ++size) {
          store(folder, record_of(recipe, name, saving, size, 0, rate));
        }
      }
      continue;
    }
    Decision decision;
    decision.key = fmt::format("decision-{}", a);
    decision.architecture = name;
    decision.size = kSizes[1].first;
    decision.every_size = true;
    decision.budget = recipe.budgets[recipe.budgets.size() - 2];
    decision.learning_rate = 0.05;
    for (const double rate : {0.05 / recipe.rate_step, 0.05, 0.05 * recipe.rate_step}) {
      RunRecord run = record_of(recipe, name, saving, 1, 0, rate);
      if (rate > 0.05) run.evaluations.pop_back();
      const double loss = run.evaluations[recipe.budgets.size() - 2].selection_loss;
      if (rate > 0.05) run.state = RunState::Running;
      const std::string id = store(folder, std::move(run));
      decision.arms.push_back({id, rate, loss, false});
      if (rate == 0.05) decision.winner = id;
      if (rate < 0.05) decision.runner_up = id;
    }
    publish_decision(folder, decision);
    for (std::size_t size = 0; size < kSizes.size(); ++size) {
      if (size != 1) store(folder, record_of(recipe, name, saving, size, 0, 0.05));
      if (recipe.replicates && (size == 1 || size == 2)) {
        store(folder, record_of(recipe, name, saving, size, 1, 0.05));
      }
    }
  }
  return own;
}

TEST(ReportFixture, LawHasItsOptimumWhereTheCommentSays) {
  // By hand: 1.2 + 0.62 (0.93)^-0.25 = 1.2 + 0.62 * 1.018308 = 1.831351.
  EXPECT_NEAR(fixture_loss(20'000, 9.3e11, 1), 1.831351, 1e-6);
}

}  // namespace isoloss
