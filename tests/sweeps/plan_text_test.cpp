// Predictions and the printed forms of a plan.
#include "sweeps/plan_text.h"

#include <fmt/format.h>
#include <gtest/gtest.h>

#include <nlohmann/json.hpp>
#include <ostream>
#include <set>

#include "sweeps/quantity_text.h"
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
  const auto json = plan_json(plan_of({}), kTwo, device_rate("cpu", "float32"));
  EXPECT_EQ(keys_of(json),
            (std::set<std::string>{"study", "trials", "runs", "schedule", "totals"}));
  EXPECT_EQ(keys_of(json["trials"][0]),
            (std::set<std::string>{"id", "run", "architecture", "size", "seed", "budget",
                                   "parameters", "tokens", "steps", "flops"}));
  EXPECT_EQ(keys_of(json["trials"][0]["flops"]),
            (std::set<std::string>{"exact", "6N", "6N_non_embedding", "6N_plus_attention",
                                   "chinchilla"}));
  EXPECT_EQ(
      keys_of(json["runs"][0]),
      (std::set<std::string>{"id", "trials", "trunk", "from_step", "tensor_parallel",
                             "data_parallel", "predicted_seconds", "predicted_seconds_interval",
                             "memory_bytes_per_rank", "memory_bytes_per_rank_interval"}));
  EXPECT_EQ(keys_of(json["schedule"]), (std::set<std::string>{"held", "reason", "items"}));
  EXPECT_EQ(keys_of(json["schedule"]["items"][0]),
            (std::set<std::string>{"run", "from_step", "to_step", "first_rank", "ranks",
                                   "begins_seconds", "ends_seconds"}));
  EXPECT_EQ(keys_of(json["totals"]),
            (std::set<std::string>{"flops", "flops_without_sharing", "device_hours",
                                   "device_hours_interval", "makespan_seconds",
                                   "makespan_seconds_interval"}));
}

// A study that no rank holds is told so before the hours that it would take.
TEST(PlanTable, WhatMemoryDoesNotHoldIsSaidFirst) {
  const StudyPlan plan = plan_of({});
  const DeviceRate rate = device_rate("cpu", "float32");
  constexpr PlanRanks kNoMemory{1, 1};
  EXPECT_TRUE(plan_table(plan, kNoMemory, rate).starts_with("Does not fit into the memory"));
  EXPECT_TRUE(plan_table(plan, kOne, rate).starts_with("architecture"));
  EXPECT_FALSE(plan_json(plan, kNoMemory, rate)["schedule"]["held"].get<bool>());
  EXPECT_TRUE(plan_json(plan, kOne, rate)["schedule"]["held"].get<bool>());
}

// Rows of one architecture, size and seed differ in these alone, and each value has its own search.
TEST(PlanTable, HasAColumnForEachAxis) {
  const StudyPlan plan =
      plan_of({{9, "  z_loss: [0]"},
               {10, "  learning_rate: {search: [1, 2], decide_at: {tokens: 640, size: s}}"},
               {11, "  include: [{size: s, z_loss: 1e-3}]"}});
  const std::string table = plan_table(plan, kOne, device_rate("cpu", "float32"));
  EXPECT_NE(table.find("size       seed z_loss parameters"), std::string::npos) << table;
  EXPECT_NE(table.find("s             0      0 "), std::string::npos) << table;
  EXPECT_NE(table.find("s             0  0.001 "), std::string::npos) << table;
  EXPECT_NE(table.find("learning rate of transformer, z_loss 0: searched over 1 2,"),
            std::string::npos);
  EXPECT_NE(table.find("learning rate of transformer, z_loss 0.001: searched over 1 2,"),
            std::string::npos);
  const auto json = plan_json(plan, kOne, device_rate("cpu", "float32"));
  EXPECT_EQ(json["trials"].back()["axes"]["z_loss"], "0.001");
  EXPECT_FALSE(
      plan_json(plan_of({}), kOne, device_rate("cpu", "float32"))["trials"][0].contains("axes"));
}

TEST(PlanJson, EveryTrialStandsInItsRun) {
  const auto json = plan_json(
      plan_of({{9, "  seed: [0, 1]"},
               {10, "  learning_rate: {search: [1, 2, 3], decide_at: {tokens: 640, size: s}}"}}),
      kOne, device_rate("cpu", "float32"));
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

// Its device's memory decides what fits; the interval is what processes hold of the prediction.
TEST(PlanJson, MemoryOfARankStandsBetweenTwoOthers) {
  const auto run = plan_json(plan_of({}), kOne, device_rate("cpu", "float32"))["runs"][0];
  const double bytes = run["memory_bytes_per_rank"].get<double>();
  EXPECT_GT(bytes, 0);
  EXPECT_LT(run["memory_bytes_per_rank_interval"][0].get<double>(), bytes);
  EXPECT_GT(run["memory_bytes_per_rank_interval"][1].get<double>(), bytes);
}

// An hour at the usual rate, at rates between half and twice; so many bytes as the JSON says.
TEST(PlanTable, HasTheTimeOfEachRunAndTheMemoryOfARankWithTheirIntervals) {
  const StudyPlan plan = plan_of({});
  const double rate = plan.flops / 3600;
  const DeviceRate device{"cpu", rate, rate / 2, rate * 2};
  const std::string table = plan_table(plan, kOne, device);
  EXPECT_NE(table.find(" 60.0 min  30.0 min to 2.0 h "), std::string::npos) << table;
  const auto interval = plan_json(plan, kOne, device)["runs"][0]["memory_bytes_per_rank_interval"];
  EXPECT_NE(table.find(fmt::format("between {} and {}\n", bytes_text(interval[0].get<double>()),
                                   bytes_text(interval[1].get<double>()))),
            std::string::npos)
      << table;
}

TEST(PlanTable, NamesTheTotals) {
  const std::string table = plan_table(plan_of({}), kTwo, device_rate("cpu", "float32"));
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
  const std::string table = plan_table(plan_of({{4, kWsd}}), kOne, device_rate("cpu", "float32"));
  EXPECT_NE(table.find("2 branches with their own decay leave 1 trunk"), std::string::npos)
      << table;
  EXPECT_NE(table.find("2 trials in 3 runs"), std::string::npos) << table;
  EXPECT_NE(table.find("1.36x"), std::string::npos) << table;  // (10 + 20) / (16 + 2 + 4)
}

// An hour of a rank at 3, at rates between half and twice.
TEST(PlanJson, PriceIsDeviceHoursByAnHoursPrice) {
  const StudyPlan plan = plan_of({});
  const double rate = plan.flops / 3600;
  const auto totals = plan_json(plan, {1, 1e9, 3}, {"cpu", rate, rate / 2, rate * 2})["totals"];
  EXPECT_DOUBLE_EQ(totals["price"].get<double>(), 3);
  EXPECT_DOUBLE_EQ(totals["price_interval"][0].get<double>(), 1.5);
  EXPECT_DOUBLE_EQ(totals["price_interval"][1].get<double>(), 6);
  EXPECT_DOUBLE_EQ(totals["device_hours_interval"][1].get<double>(), 2);
  EXPECT_DOUBLE_EQ(totals["makespan_seconds_interval"][0].get<double>(), 1800);
}

// Of the trial of 1280 tokens, the longer of two.
TEST(PlanTable, SetsItsCountBesideThePublishedOne) {
  const Lines study{
      {10, "published: [{architecture: transformer, size: s, flops: 1e9, source: page 3}]"}};
  const StudyPlan plan = plan_of(study);
  const auto trials = plan_json(plan, kOne, device_rate("cpu", "float32"))["trials"];
  const double here = trials[1]["flops"]["exact"].get<double>();
  EXPECT_EQ(trials[1]["tokens"].get<double>(), 1280);
  const std::string table = plan_table(plan, kOne, device_rate("cpu", "float32"));
  EXPECT_NE(
      table.find(fmt::format("transformer at s: 1e+09 FLOPs published (page 3), {:.3g} counted "
                             "here, {:.2f} of it\n",
                             here, here / 1e9)),
      std::string::npos)
      << table;
}

TEST(PlanTable, HasTheFlopsOfEachRow) {
  const StudyPlan plan = plan_of({});
  const std::string table = plan_table(plan, kOne, device_rate("cpu", "float32"));
  const std::size_t end = table.find('\n', table.find('\n') + 1);
  EXPECT_NE(table.substr(0, end).find(fmt::format(" {:.3g} ", plan.flops)), std::string::npos)
      << table;
}

TEST(StudyErrors, APublishedCostOfWhatIsNotInTheGridIsRefused) {
  EXPECT_EQ(
      message_for(
          {{10, "published: [{architecture: transformr, size: s, flops: 1e9, source: a}]"}}),
      "study.yaml:10: published.architecture: 'transformr' is not in the grid (plan would have "
      "nothing to set beside it); did you mean 'transformer'?");
}

TEST(PlanTable, SaysWhichRunsAreSmallerThanWhatWasMeasured) {
  const std::string table = plan_table(plan_of({}), kOne, device_rate("h100", "bfloat16"));
  EXPECT_NE(table.find("1 of 1 runs have fewer than 124.00 M parameters"), std::string::npos)
      << table;
  EXPECT_EQ(plan_table(plan_of({}), kOne, device_rate("cpu", "float32")).find("fewer than"),
            std::string::npos);
}

TEST(PlanTable, NamesTheSourceOfADevicesRate) {
  EXPECT_NE(plan_table(plan_of({}), kOne, device_rate("a100", "bfloat16"))
                .find("The rate of a100 is of GPT-2 124M: nanoGPT 37 %"),
            std::string::npos);
}

TEST(DeviceRate, UnknownDeviceIsBadInput) {
  EXPECT_THROW(device_rate("abacus", "float32"), InputError);
}

TEST(DeviceRate, OfAGpuIsOfBFloat16Alone) {
  EXPECT_THROW(device_rate("h100", "float32"), InputError);
  EXPECT_GT(device_rate("h100", "bfloat16").flops_per_second, 1e14);
}

// Published tokens a second of one device of the training runs named, and their FLOPs a token with
// full attention (6 N + 12 layers T width, N with embeddings).
struct PublishedSpeed {
  const char* name;
  const char* device;
  double tokens_per_second, flops_per_token;
};

void PrintTo(const PublishedSpeed& speed, std::ostream* out) { *out << speed.name; }

class Published : public testing::TestWithParam<PublishedSpeed> {};

TEST_P(Published, SpeedIsWithinTheInterval) {
  const DeviceRate rate = device_rate(GetParam().device, "bfloat16");
  const double reached = GetParam().tokens_per_second * GetParam().flops_per_token;
  EXPECT_GE(reached, rate.lowest * 0.99);  // shares are printed with two digits
  EXPECT_LE(reached, rate.highest * 1.01);
}

constexpr double kGpt2Small = 6 * 124.4e6 + 12.0 * 12 * 1024 * 768;
constexpr double kGpt2Xl = 6 * 1558e6 + 12.0 * 48 * 1024 * 1600;
constexpr double kMpt125 = 6 * 125e6 + 12.0 * 12 * 1024 * 768;
INSTANTIATE_TEST_SUITE_P(
    Speeds, Published,
    testing::Values(PublishedSpeed{"llm.c 124M", "h100", 468e3, kGpt2Small},
                    PublishedSpeed{"llm.c 1558M", "h100", 48.5e3, kGpt2Xl},
                    PublishedSpeed{"nanoGPT compiled, 8 H200", "h200", 273e3, kGpt2Small},
                    PublishedSpeed{"nanoGPT compiled, 8 H100", "h100", 266e3, kGpt2Small},
                    PublishedSpeed{"nanoGPT XL", "h200", 49.9e3, kGpt2Xl},
                    PublishedSpeed{"nanoGPT bench", "a100", 135.6e3, kGpt2Small},
                    PublishedSpeed{"llm.c 124M", "a100", 218e3, kGpt2Small},
                    PublishedSpeed{"MPT 125M", "a100", 156.5e3, kMpt125}));

}  // namespace
}  // namespace isoloss
