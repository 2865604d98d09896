// Measured steps: which runs share one, and that they go before an assumed rate.
#include "sweeps/step_times.h"

#include <gtest/gtest.h>

#include <functional>
#include <nlohmann/json.hpp>
#include <vector>

#include "sweeps/layout.h"
#include "sweeps/plan_text.h"
#include "tests/sweeps/study_files.h"

namespace isoloss {
namespace {

RunSpec spec_of_tiny() { return make_plan(study_of({})).runs.at(0).spec; }

TEST(StepKey, IsThatOfRunsThatDifferInSeedRateDataAndLength) {
  const RunSpec spec = spec_of_tiny();
  const std::vector<std::function<void(RunSpec&)>> changes = {
      [](RunSpec& s) { s.seed = 7; }, [](RunSpec& s) { s.optimizer.learning_rate *= 2; },
      [](RunSpec& s) { s.data.kind = DataKind::Text; },
      [](RunSpec& s) { s.optimizer.horizon = 99; }, [](RunSpec& s) { s.evaluation.tokens = 5; }};
  for (std::size_t i = 0; i < changes.size(); ++i) {
    RunSpec other = spec;
    changes[i](other);
    EXPECT_EQ(step_key(other), step_key(spec)) << i;
  }
}

TEST(StepKey, TellsApartWhatTakesAnotherTime) {
  const RunSpec spec = spec_of_tiny();
  const std::vector<std::function<void(RunSpec&)>> changes = {
      [](RunSpec& s) { s.model.d_model *= 2; },
      [](RunSpec& s) { s.optimizer.batch_tokens *= 2; },
      [](RunSpec& s) { s.optimizer.kind = OptimizerKind::AdamW; },
      [](RunSpec& s) { s.dtype = "bfloat16"; },
      [](RunSpec& s) { s.threads = 2; },
      [](RunSpec& s) { s.accumulate = 2; },
      [](RunSpec& s) { s.recompute = true; }};
  for (std::size_t i = 0; i < changes.size(); ++i) {
    RunSpec other = spec;
    changes[i](other);
    EXPECT_NE(step_key(other), step_key(spec)) << i;
  }
}

// Half a second a step whatever the rate says; two ranks that share a batch take half of that where
// messages cost nothing.
TEST(MeasuredStep, GoesBeforeTheRate) {
  const RunSpec spec = spec_of_tiny();
  DeviceRate rate{"cpu", 1.0, 1.0, 1.0};
  rate.steps[step_key(spec)] = {0.5, 0.4, 0.8};
  EXPECT_DOUBLE_EQ(step_seconds(spec, {1, 1}, rate), 0.5);
  EXPECT_DOUBLE_EQ(step_seconds(spec, {1, 2}, rate), 0.25);
  EXPECT_DOUBLE_EQ(step_seconds(spec, {1, 1}, at_best(rate)), 0.4);
  EXPECT_DOUBLE_EQ(step_seconds(spec, {1, 1}, at_worst(rate)), 0.8);
}

// 1280 tokens are 20 steps of 64.
TEST(MeasuredStep, IsWhatAPlanPredictsFrom) {
  const StudyPlan plan = make_plan(study_of({}));
  DeviceRate rate{"cpu", 1.0, 1.0, 1.0};
  rate.steps[step_key(plan.runs.at(0).spec)] = {0.5, 0.4, 0.8};
  const auto totals = plan_json(plan, {1, 1e9}, rate)["totals"];
  EXPECT_DOUBLE_EQ(totals["makespan_seconds"].get<double>(), 10);
  EXPECT_DOUBLE_EQ(totals["makespan_seconds_interval"][0].get<double>(), 8);
  EXPECT_DOUBLE_EQ(totals["makespan_seconds_interval"][1].get<double>(), 16);
  EXPECT_NE(plan_table(plan, {1, 1e9}, rate).find("by steps measured on this machine"),
            std::string::npos);
}

}  // namespace
}  // namespace isoloss
