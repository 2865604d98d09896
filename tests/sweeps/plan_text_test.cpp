// Predictions and the printed forms of a plan.
#include "sweeps/plan_text.h"

#include <gtest/gtest.h>

#include <nlohmann/json.hpp>
#include <set>

#include "tests/sweeps/study_files.h"

namespace isoloss {
namespace {

StudyPlan plan_of(const Lines& replaced) { return make_plan(study_of(replaced)); }

std::set<std::string> keys_of(const nlohmann::ordered_json& json) {
  std::set<std::string> keys;
  for (const auto& [key, value] : json.items()) keys.insert(key);
  return keys;
}

constexpr PlanRanks kOne{1, 1e9};
constexpr PlanRanks kTwo{2, 1e9};

TEST(PlanJson, HasTheKeysOfTheDesignPage) {
  const auto json = plan_json(plan_of({}), kTwo, device_rate("cpu"));
  EXPECT_EQ(keys_of(json),
            (std::set<std::string>{"study", "trials", "runs", "schedule", "totals"}));
  EXPECT_EQ(keys_of(json["trials"][0]),
            (std::set<std::string>{"id", "run", "architecture", "size", "seed", "budget",
                                   "parameters", "tokens", "steps", "flops"}));
  EXPECT_EQ(keys_of(json["trials"][0]["flops"]),
            (std::set<std::string>{"exact", "6N", "6N_non_embedding", "6N_plus_attention",
                                   "chinchilla"}));
  EXPECT_EQ(keys_of(json["runs"][0]),
            (std::set<std::string>{"id", "trials", "trunk", "from_step", "tensor_parallel",
                                   "data_parallel", "predicted_seconds",
                                   "predicted_seconds_interval", "memory_bytes_per_rank"}));
  EXPECT_EQ(keys_of(json["schedule"]), (std::set<std::string>{"reason", "items"}));
  EXPECT_EQ(keys_of(json["schedule"]["items"][0]),
            (std::set<std::string>{"run", "from_step", "to_step", "first_rank", "ranks",
                                   "begins_seconds", "ends_seconds"}));
  EXPECT_EQ(keys_of(json["totals"]), (std::set<std::string>{"flops", "flops_without_sharing",
                                                            "device_hours", "makespan_seconds"}));
}

TEST(PlanJson, EveryTrialStandsInItsRun) {
  const auto json = plan_json(
      plan_of({{9, "  seed: [0, 1]"},
               {10, "  learning_rate: {search: [1, 2, 3], decide_at: {tokens: 640, size: s}}"}}),
      kOne, device_rate("cpu"));
  std::set<std::string> listed;
  for (const auto& run : json["runs"])
    for (const auto& trial : run["trials"])
      listed.insert(run["id"].get<std::string>() + " " + trial.get<std::string>());
  EXPECT_EQ(listed.size(), json["trials"].size());
  for (const auto& trial : json["trials"])
    EXPECT_TRUE(
        listed.contains(trial["run"].get<std::string>() + " " + trial["id"].get<std::string>()));
}

TEST(PlanJson, SecondsAreFlopsByRate) {
  const StudyPlan plan = plan_of({});
  const auto run = plan_json(plan, kOne, {"cpu", 2e6, 1e6, 4e6})["runs"][0];
  EXPECT_DOUBLE_EQ(run["predicted_seconds"].get<double>(), plan.flops / 2e6);
  EXPECT_DOUBLE_EQ(run["predicted_seconds_interval"][0].get<double>(), plan.flops / 4e6);
  EXPECT_DOUBLE_EQ(run["predicted_seconds_interval"][1].get<double>(), plan.flops / 1e6);
}

TEST(PlanTable, NamesTheTotals) {
  const std::string table = plan_table(plan_of({}), kTwo, device_rate("cpu"));
  EXPECT_NE(table.find("2 trials in 1 runs"), std::string::npos) << table;
  EXPECT_NE(table.find("1.50x"), std::string::npos) << table;  // (640 + 1280) / 1280
}

// 1280 tokens' FLOPs at as many a second an hour: one device-hour.
TEST(PlanTable, NamesTheDeviceHours) {
  const StudyPlan plan = plan_of({});
  const std::string table = plan_table(plan, kOne, {"cpu", plan.flops / 3600, 1, 1});
  EXPECT_NE(table.find("1 device-hours"), std::string::npos) << table;
}

constexpr const char* kWsd = "optimizer: {schedule: wsd, warmup_steps: 5, batch_tokens: 64}";

TEST(PlanJson, RanksThatTrainARunTogetherShareItsTime) {
  const Lines together{{10, "run: {data_parallel: 2}"}};
  const auto alone = plan_json(plan_of({}), kOne, {"cpu", 1e6, 5e5, 2e6});
  const auto two = plan_json(plan_of(together), kTwo, {"cpu", 1e6, 5e5, 2e6});
  const double seconds = alone["runs"][0]["predicted_seconds"].get<double>();
  EXPECT_DOUBLE_EQ(two["runs"][0]["predicted_seconds"].get<double>(), seconds / 2);
  // From full shares at the highest rate to no help at all at the lowest.
  EXPECT_DOUBLE_EQ(two["runs"][0]["predicted_seconds_interval"][0].get<double>(), seconds / 4);
  EXPECT_DOUBLE_EQ(two["runs"][0]["predicted_seconds_interval"][1].get<double>(), seconds * 2);
  EXPECT_DOUBLE_EQ(two["totals"]["device_hours"].get<double>(),
                   alone["totals"]["device_hours"].get<double>());
}

TEST(PlanTable, SaysWhatBranchesShare) {
  const std::string table = plan_table(plan_of({{4, kWsd}}), kOne, device_rate("cpu"));
  EXPECT_NE(table.find("2 branches with their own decay leave 1 trunk"), std::string::npos)
      << table;
  EXPECT_NE(table.find("2 trials in 3 runs"), std::string::npos) << table;
  EXPECT_NE(table.find("1.36x"), std::string::npos) << table;  // (10 + 20) / (16 + 2 + 4)
}

TEST(DeviceRate, UnknownDeviceIsBadInput) { EXPECT_THROW(device_rate("abacus"), InputError); }

}  // namespace
}  // namespace isoloss
