// Several decisions of one question: which counts, and what the runs of the others are. Expected
// roles by hand, from the rule in docs/format.md.
#include "analysis/points/search_roles.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <filesystem>
#include <fstream>
#include <map>

namespace isoloss {
namespace {

using testing::ElementsAre;

// A run of that name; `axis` is a field of its model that the grid varies, and d_ff follows from
// size and axis alike.
RunRecord run(const std::string& id, const std::string& size, double rate, int seed = 0,
              int axis = 8) {
  RunRecord record;
  record.header.id = id;
  record.header.architecture = "transformer";
  record.header.size = size;
  record.header.seed = static_cast<std::uint64_t>(seed);
  record.header.learning_rate = rate;
  const int width = size == "a" ? 16 : 32;
  record.header.spec_json = nlohmann::json{
      {"model", {{"size", size}, {"d_model", width}, {"d_head", axis}, {"heads", width / axis}}},
      {"optimizer", {{"batch_tokens", 256}, {"learning_rate", rate}}},
      {"seed", seed}}.dump();
  return record;
}

struct Arm {
  std::string run;
  double rate;
  double loss;
};

// Decided at size a, for all sizes.
Decision decision(const std::string& key, const std::vector<Arm>& arms) {
  Decision made;
  made.key = key;
  made.architecture = "transformer";
  made.size = "a";
  made.every_size = true;
  made.budget = 1e9;
  double least = 1e9;
  for (const Arm& arm : arms) {
    made.arms.push_back({arm.run, arm.rate, arm.loss, false});
    if (arm.loss >= least) continue;
    least = arm.loss;
    made.winner = arm.run;
    made.learning_rate = arm.rate;
  }
  return made;
}

std::map<std::string, std::string> roles(const std::vector<RunRecord>& runs,
                                         const std::vector<Decision>& decisions,
                                         const std::optional<AskedSearch>& asked = std::nullopt,
                                         double budget = 1e9) {
  const SearchRoles of(runs, decisions, asked);
  std::map<std::string, std::string> roles;
  for (const RunRecord& run : runs) roles[run.header.id] = of.role_of(run.header, budget);
  return roles;
}

using Roles = std::map<std::string, std::string>;

const std::vector<RunRecord> kRuns = {
    run("a1", "a", 0.01), run("a3", "a", 0.03), run("a10", "a", 0.1),    run("b1", "b", 0.01),
    run("b3", "b", 0.03), run("b10", "b", 0.1), run("s3", "a", 0.03, 1), run("s10", "a", 0.1, 1)};
const Decision kNarrow = decision("narrow", {{"a1", 0.01, 2.2}, {"a3", 0.03, 2.1}});
const Decision kWide = decision("wide", {{"a1", 0.01, 2.2}, {"a3", 0.03, 2.1}, {"a10", 0.1, 2.0}});
const Decision kShifted = decision("shifted", {{"a3", 0.03, 2.1}, {"a10", 0.1, 2.0}});

TEST(SearchRoles, OfTwoSearchesTheOneOfMoreRatesCounts) {
  const Roles expected = {{"a1", "arm"},        {"a3", "arm"},        {"a10", "result"},
                          {"b1", "superseded"}, {"b3", "superseded"}, {"b10", "result"},
                          {"s3", "superseded"}, {"s10", "result"}};
  EXPECT_EQ(roles(kRuns, {kNarrow, kWide}), expected);
  EXPECT_EQ(roles(kRuns, {kWide, kNarrow}), expected);
}

TEST(SearchRoles, TheOneThatTheStudyFileAsksForCounts) {
  const AskedSearch narrow{{0.01, 0.03}, {}}, never{{0.01, 0.02}, {}};
  EXPECT_EQ(roles(kRuns, {kNarrow, kWide}, narrow), (Roles{{"a1", "arm"},
                                                           {"a3", "result"},
                                                           {"a10", "superseded"},
                                                           {"b1", "superseded"},
                                                           {"b3", "result"},
                                                           {"b10", "superseded"},
                                                           {"s3", "result"},
                                                           {"s10", "superseded"}}));
  EXPECT_EQ(roles(kRuns, {kNarrow, kWide}, never), roles(kRuns, {kNarrow, kWide}));
}

TEST(SearchRoles, OfEquallyManyRatesTheLowerLossCounts) {
  const SearchRoles of(kRuns, {kNarrow, kShifted}, std::nullopt);
  ASSERT_EQ(of.counting().size(), 1U);
  EXPECT_EQ(of.counting()[0].key, "shifted");
  EXPECT_EQ(of.role_of(kRuns[0].header, 1e9), "superseded");  // no arm of the one that counts
  EXPECT_EQ(of.role_of(kRuns[1].header, 1e9), "arm");
}

TEST(SearchRoles, ARunnerUpOfAnotherSearchMayHaveWon) {
  Decision shifted = kShifted;
  shifted.runner_up = "a3";
  EXPECT_EQ(roles(kRuns, {kNarrow, shifted}, AskedSearch{{0.01, 0.03}, {}}).at("a3"), "result");
  EXPECT_EQ(roles(kRuns, {kNarrow, shifted}).at("a3"), "check");
}

// Two values of an axis are two questions. What follows from an axis and a size may coincide: 16 /
// 8 heads at one size and 32 / 16 at the other.
TEST(SearchRoles, DecisionsOfTwoValuesOfAnAxisStandSideBySide) {
  const std::vector<RunRecord> runs = {run("x1", "a", 0.01, 0, 8),   run("x3", "a", 0.03, 0, 8),
                                       run("y1", "a", 0.01, 0, 16),  run("y3", "a", 0.03, 0, 16),
                                       run("bx1", "b", 0.01, 0, 8),  run("bx3", "b", 0.03, 0, 8),
                                       run("by1", "b", 0.01, 0, 16), run("by3", "b", 0.03, 0, 16)};
  const Decision x = decision("x", {{"x1", 0.01, 2.0}, {"x3", 0.03, 2.1}});
  const Decision y = decision("y", {{"y1", 0.01, 2.2}, {"y3", 0.03, 2.0}});
  const AskedSearch asked{{0.01, 0.03}, {"d_head"}};
  EXPECT_EQ(SearchRoles(runs, {x, y}, asked).counting().size(), 2U);
  EXPECT_EQ(roles(runs, {x, y}, asked), (Roles{{"x1", "result"},
                                               {"x3", "arm"},
                                               {"y1", "arm"},
                                               {"y3", "result"},
                                               {"bx1", "result"},
                                               {"bx3", "superseded"},
                                               {"by1", "superseded"},
                                               {"by3", "result"}}));
}

// A run passes the smaller budgets on its way to the one for which its rate was chosen.
TEST(SearchRoles, ARateChosenForAnotherBudgetIsNoResultOfThisOne) {
  Decision low = decision("low", {{"a1", 0.01, 2.0}, {"a3", 0.03, 2.1}});
  Decision high = decision("high", {{"a1", 0.01, 1.9}, {"a3", 0.03, 1.8}});
  for (Decision* made : {&low, &high}) {
    made->every_size = false;
    made->this_budget_only = true;
  }
  high.budget = 2e9;
  EXPECT_EQ(roles(kRuns, {low, high}).at("s3"), "superseded");
  EXPECT_EQ(roles(kRuns, {low, high}, std::nullopt, 2e9).at("s3"), "result");
  EXPECT_EQ(roles(kRuns, {low, high}).at("b3"), "result");  // another size's search
}

TEST(AskedSearch, RatesAndAxesAreTheGrids) {
  const auto file = std::filesystem::path(testing::TempDir()) / "isoloss_asked_search.yaml";
  std::ofstream(file) << "study: s\ngrid:\n  size: [a]\n  d_head: [8, 16]\n  z_loss: 0\n"
                         "  learning_rate: {search: [0.1, 3e-2], decide_at: {tokens: 5}}\n";
  const auto asked = asked_search(file);
  ASSERT_TRUE(asked);
  EXPECT_THAT(asked->rates, ElementsAre(0.03, 0.1));
  EXPECT_THAT(asked->axes, ElementsAre("d_head", "z_loss"));
  std::ofstream(file) << "- no study\n";
  EXPECT_FALSE(asked_search(file));
  std::filesystem::remove(file);
  EXPECT_FALSE(asked_search(file));
}

}  // namespace
}  // namespace isoloss
