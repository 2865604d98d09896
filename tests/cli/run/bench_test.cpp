// `isoloss bench` from outside: what its JSON says, and what it refuses.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <cstdlib>
#include <nlohmann/json.hpp>
#include <string>

#include "tests/cli/program.h"

namespace isoloss::test {
namespace {

using nlohmann::json;
using testing::HasSubstr;

TEST(BenchCommand, JsonHasARowWithTokensPerSecondAndUtilisation) {
  const TemporaryFolder scratch;
  const Outcome outcome = isoloss(
      "bench --size 0.8M --architecture transformer --steps 1 --threads 1 --json", scratch.path());
  ASSERT_EQ(outcome.status, 0) << outcome.err;
  const json result = json::parse(outcome.out);
  EXPECT_GT(result["peak_flops_measured"]["float32"], 0);
  ASSERT_EQ(result["rows"].size(), 1);
  const json& row = result["rows"][0];
  EXPECT_EQ(row["architecture"], "transformer");
  EXPECT_EQ(row["size"], "0.8M");
  // A layer has 4 x 128^2 + 2 x 128 x 512 weights, 512 + 128 biases and two norms of 2 x 128; 4 of
  // them, 65 x 128 of embedding, 4 heads x 32 of relative bias and the last norm.
  EXPECT_EQ(row["parameters"], 4 * (65536 + 131072 + 640 + 512) + 8320 + 128 + 256);
  EXPECT_EQ(row["dtype"], "float32");
  // A step is 12 rows of 64 tokens (nanoGPT's small shape).
  EXPECT_NEAR(row["tokens_per_second"].get<double>() * row["step_seconds"].get<double>(), 768,
              1e-6);
  EXPECT_GT(row["model_flops_utilisation"], 0);
  EXPECT_GT(row["peak_memory_bytes"], 0);
  EXPECT_GT(row["predicted_memory_bytes"], 0);
  for (const char* other : {"peer", "over_transformer", "side_by_side"})
    EXPECT_FALSE(row.contains(other)) << other;
}

TEST(BenchCommand, SetsArchitecturesAgainstTransformerAndTrialsSideBySide) {
  const TemporaryFolder scratch;
  const Outcome outcome = isoloss(
      "bench --size 0.8M --architecture transformer,primer-ez --side-by-side --steps 1 --json",
      scratch.path());
  ASSERT_EQ(outcome.status, 0) << outcome.err;
  const json result = json::parse(outcome.out);
  ASSERT_EQ(result["rows"].size(), 2);
  EXPECT_FALSE(result["rows"][0].contains("over_transformer"));
  EXPECT_GT(result["rows"][1]["over_transformer"]["ratio"], 0);
  for (const json& row : result["rows"]) EXPECT_GT(row["side_by_side"]["ratio"], 0);
}

// Five models; what their checkpoints hold is weights and state in float32: Adafactor's one value a
// parameter where nothing is factored, AdamW's two.
TEST(BenchCommand, SaysWhatMetricsAndCheckpointsCost) {
  const TemporaryFolder scratch;
  const Outcome outcome =
      isoloss("bench --recording --folder . --seconds 0.3 --json", scratch.path());
  ASSERT_EQ(outcome.status, 0) << outcome.err;
  const json rows = json::parse(outcome.out)["recording"];
  ASSERT_EQ(rows.size(), 5);
  for (const json& row : rows) {
    EXPECT_GT(row["metrics_share"], 0);
    EXPECT_GE(row["checkpoints"], 1);
    EXPECT_GT(row["checkpoint_pause_seconds"], 0);
    const bool adamw = row["model"].get<std::string>().ends_with("M");
    EXPECT_EQ(row["checkpoint_bytes"], 4 * (adamw ? 3 : 2) * row["parameters"].get<double>());
  }
}

// Budgets of 1, 2.15, 4.64 and 10 times: 17.79 where each trial begins anew, 10 where they share.
TEST(BenchCommand, ComparesAStudyWithItsTrialsOneAfterAnother) {
  const TemporaryFolder scratch;
  const Outcome outcome = isoloss(
      "bench --study --without-peer --architecture transformer --size 32x2,48x4 --flops 5e9 "
      "--folder . --json",
      scratch.path());
  ASSERT_EQ(outcome.status, 0) << outcome.err;
  const json study = json::parse(outcome.out)["study"];
  EXPECT_EQ(study["ranks"], 2);
  EXPECT_EQ(study["trials"], 8);
  EXPECT_EQ(study["runs"], 2);
  EXPECT_NEAR(study["flops_without_sharing"].get<double>() / study["flops"].get<double>(), 1.779,
              0.02);
  double alone = 0;
  for (const json& seconds : study["one_after_another_seconds_by_budget"])
    alone += seconds.get<double>();
  EXPECT_DOUBLE_EQ(study["one_after_another_seconds"], alone);
  EXPECT_DOUBLE_EQ(study["over_one_after_another"],
                   alone / study["makespan_seconds"].get<double>());
  EXPECT_FALSE(study.contains("over_peer"));
  for (const auto& entry : std::filesystem::directory_iterator(scratch.path()))
    EXPECT_FALSE(entry.is_directory()) << entry.path();
}

TEST(BenchCommand, AStudyOfUnknownSizesIsRefused) {
  const TemporaryFolder scratch;
  const Outcome outcome = isoloss("bench --study --size 32x3", scratch.path());
  EXPECT_EQ(outcome.status, 2);
  EXPECT_THAT(outcome.err, HasSubstr("did you mean '32x2'?"));
  EXPECT_EQ(isoloss("bench --study --flops 0", scratch.path()).status, 2);
  EXPECT_EQ(isoloss("bench --study --ranks 0", scratch.path()).status, 2);
}

TEST(BenchCommand, RefusesUnknownSizesAndTypesByName) {
  const TemporaryFolder scratch;
  const Outcome size = isoloss("bench --size 0.9M", scratch.path());
  EXPECT_EQ(size.status, 2);
  EXPECT_THAT(size.err, HasSubstr("'0.9M' is not a size of bench"));
  const Outcome dtype = isoloss("bench --dtype bfloat", scratch.path());
  EXPECT_EQ(dtype.status, 2);
  EXPECT_THAT(dtype.err, HasSubstr("bfloat16"));
  EXPECT_EQ(isoloss("bench --threads 0", scratch.path()).status, 2);
  EXPECT_EQ(isoloss("bench --steps 0", scratch.path()).status, 2);
}

TEST(BenchCommand, PeerWithoutItsEnvironmentSaysHowToMakeIt) {
  const TemporaryFolder scratch;
  ASSERT_EQ(setenv("ISOLOSS_PYTHON_ENVIRONMENT", (scratch / "none").c_str(), 1), 0);
  const Outcome outcome = isoloss("bench --peer", scratch.path());
  unsetenv("ISOLOSS_PYTHON_ENVIRONMENT");
  EXPECT_EQ(outcome.status, 2);
  EXPECT_THAT(outcome.err, HasSubstr("run scripts/python_environment.sh"));
}

TEST(BenchCommand, PeerThatIsNotWrittenInPyTorchIsRefusedFirst) {
  const TemporaryFolder scratch;
  spill(scratch / "environment/complete", "");
  ASSERT_EQ(setenv("ISOLOSS_PYTHON_ENVIRONMENT", (scratch / "environment").c_str(), 1), 0);
  const Outcome outcome =
      isoloss("bench --peer --architecture primer-discovered --steps 1", scratch.path());
  unsetenv("ISOLOSS_PYTHON_ENVIRONMENT");
  EXPECT_EQ(outcome.status, 2);
  EXPECT_THAT(outcome.err, HasSubstr("'primer-discovered' is not written in PyTorch"));
}

}  // namespace
}  // namespace isoloss::test
