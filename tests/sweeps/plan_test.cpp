// Trials, shared prefixes and searches of a plan.
#include "sweeps/plan.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <set>

#include "model/spec/utf8_text.h"
#include "sweeps/plan_text.h"
#include "tests/sweeps/study_files.h"

namespace isoloss {
namespace {

constexpr const char* kTwoSizes = "  size: [{name: s, d_model: 16}, {name: m, d_model: 32}]";

StudyPlan plan_of(const Lines& replaced) { return make_plan(study_of(replaced)); }

TEST(Plan, TrialsThatDifferInBudgetShareARun) {
  const StudyPlan plan = plan_of({});
  ASSERT_EQ(plan.trials.size(), 2u);
  EXPECT_EQ(plan.runs.size(), 1u);
  EXPECT_EQ(plan.trials[0].run, plan.trials[1].run);
}

TEST(Plan, SharingSavesTheShareOfTheShorterBudgets) {
  // (1 + 2.15 + 4.64 + 10) / 10 = 1.779.
  const StudyPlan plan = plan_of({{8, "  budget: {tokens: [64e4, 137.6e4, 296.96e4, 640e4]}"}});
  EXPECT_NEAR(plan.flops_without_sharing / plan.flops, 1.779, 1e-6);
}

constexpr const char* kWsd = "optimizer: {schedule: wsd, warmup_steps: 10, batch_tokens: 64}";
constexpr const char* kCosine = "optimizer: {schedule: cosine, warmup_steps: 5, batch_tokens: 64}";

// The trunk to 0.8 x 10 and cooldowns of 0.2 x (1 + 2.15 + 4.64 + 10): 17.79 / 11.558 = 1.539.
TEST(Plan, BranchesSaveTheTrunksShare) {
  const StudyPlan plan =
      plan_of({{4, kWsd}, {8, "  budget: {tokens: [64e4, 137.6e4, 296.96e4, 640e4]}"}});
  EXPECT_NEAR(plan.flops_without_sharing / plan.flops, 17.79 / 11.558, 1e-6);
}

TEST(Plan, EachBudgetOfWsdIsABranchOfOneTrunk) {
  const StudyPlan plan = plan_of({{4, kWsd}, {8, "  budget: {tokens: [1280, 6400]}"}});
  ASSERT_EQ(plan.trials.size(), 2u);
  ASSERT_EQ(plan.runs.size(), 3u);
  const PlannedRun& first = plan.runs[plan.trials[0].run];
  const PlannedRun& second = plan.runs[plan.trials[1].run];
  ASSERT_TRUE(first.branch && second.branch);
  EXPECT_EQ(first.branch->trunk, second.branch->trunk);
  // 20 and 100 steps, the last fifth of which is cooldown.
  EXPECT_EQ(first.branch->step, 16);
  EXPECT_EQ(second.branch->step, 80);
  EXPECT_EQ(second.spec.optimizer.horizon, 100);
  const PlannedRun& trunk = plan.runs[first.branch->trunk];
  EXPECT_EQ(trunk.expected_steps, 80);
  EXPECT_TRUE(trunk.stops.empty());
}

TEST(Plan, EachBudgetOfACosineIsARunOfItsOwn) {
  const StudyPlan plan = plan_of({{4, kCosine}});
  ASSERT_EQ(plan.runs.size(), 2u);
  EXPECT_EQ(plan.runs[0].spec.optimizer.horizon, 10);
  EXPECT_EQ(plan.runs[1].spec.optimizer.horizon, 20);
  EXPECT_EQ(plan.flops, plan.flops_without_sharing);
}

// Arms at the budget of the decision; the trial there is the winner, the other budgets are further
// runs of the same rates, and the runner-up's check is its run at the top budget.
TEST(Plan, ASearchWithHorizonsComparesRunsOfItsBudget) {
  for (const char* schedule : {kCosine, kWsd}) {
    const StudyPlan plan =
        plan_of({{4, schedule},
                 {8, "  budget: {tokens: [1280, 6400]}"},
                 {10, "  learning_rate: {search: [1, 2, 3], decide_at: {tokens: 1280}}"}});
    ASSERT_EQ(plan.searches.size(), 1u);
    const PlannedSearch& search = plan.searches[0];
    for (std::size_t i = 0; i < 3; ++i) {
      EXPECT_EQ(plan.runs[search.arms[i]].spec.optimizer.horizon, 20);
      EXPECT_EQ(plan.runs[search.checks[i]].spec.optimizer.horizon, 100);
    }
    EXPECT_EQ(plan.trials.at(0).candidates, search.arms);
    EXPECT_EQ(plan.trials.at(1).candidates, search.checks);
  }
}

// A constant rate is what trunks train: a grid of both schedules trains it once.
TEST(Plan, AConstantScheduleIsTheTrunk) {
  const StudyPlan plan = plan_of({{4,
                                   "optimizer: {warmup_steps: 5, warmup: linear, "
                                   "batch_tokens: 64}"},
                                  {10, "  schedule: [constant, wsd]"}});
  EXPECT_EQ(plan.runs.size(), 3u);
  EXPECT_EQ(plan.runs[plan.trials.at(2).run].branch->trunk, plan.trials[0].run);
}

TEST(Plan, AStepsFlopsReachTheBudgetAndNotMore) {
  const StudyPlan plan = plan_of({{8, "  budget: {flops: [1e8, 3.3e8, 1e9]}"}});
  for (const PlannedTrial& trial : plan.trials) {
    EXPECT_GE(trial.flops, trial.budget);
    EXPECT_LT(trial.flops - plan.runs[trial.run].flops_per_step, trial.budget);
  }
}

TEST(Plan, ABudgetOfWholeStepsIsMetExactly) {
  const StudyPlan plan = plan_of({});
  EXPECT_EQ(plan.trials[0].steps, 10);  // 640 tokens by 64
  EXPECT_EQ(plan.trials[1].steps, 20);
}

TEST(Plan, StepsSurviveQuotientsThatRound) {
  EXPECT_EQ(steps_to_reach(0.3, 0.1), 3);  // 3 x 0.1 is just above 0.3; the quotient just below 3
  EXPECT_EQ(steps_to_reach(1e15 + 1, 1.0), 1000000000000001);
}

TEST(Plan, TokensPerParameterCountsAllParameters) {
  const StudyPlan plan = plan_of({{8, "  budget: {tokens_per_parameter: [20]}"}});
  const PlannedTrial& trial = plan.trials.at(0);
  EXPECT_GE(trial.tokens, 20.0 * static_cast<double>(trial.parameters));
  EXPECT_LT(trial.tokens, 20.0 * static_cast<double>(trial.parameters) + 64);
}

TEST(Plan, BudgetTextIsTheShortest) {
  EXPECT_EQ(budget_text(2e11, BudgetUnit::Flops), "2e11");
  EXPECT_EQ(budget_text(4.3e11, BudgetUnit::Flops), "4.3e11");
  EXPECT_EQ(budget_text(123456, BudgetUnit::Tokens), "1.23456e5tokens");
  EXPECT_EQ(budget_text(20, BudgetUnit::TokensPerParameter), "20tpp");
  EXPECT_EQ(budget_text(1e21, BudgetUnit::Flops), "1e21");
}

TEST(Plan, TrialIdsAreDistinct) {
  const StudyPlan plan = plan_of({{7, kTwoSizes}, {9, "  seed: [0, 1]"}});
  std::set<std::string> ids;
  for (const PlannedTrial& trial : plan.trials) ids.insert(trial.id);
  EXPECT_EQ(ids.size(), 8u);  // 2 sizes, 2 seeds, 2 budgets
}

TEST(Plan, AddedGridValuesKeepTheOtherIds) {
  const StudyPlan before = plan_of({});
  const StudyPlan after = plan_of({{6, "  architecture: [transformer, primer-ez]"},
                                   {7, kTwoSizes},
                                   {8, "  budget: {tokens: [640, 1000, 1280, 2560]}"},
                                   {9, "  seed: [0, 1]"}});
  std::set<std::string> ids;
  for (const PlannedTrial& trial : after.trials) ids.insert(trial.id);
  for (const PlannedTrial& trial : before.trials) EXPECT_TRUE(ids.contains(trial.id)) << trial.id;
}

TEST(Plan, RatesAsAListAreAnAxis) {
  const StudyPlan plan = plan_of({{10, "  learning_rate: [0.1, 0.2]"}});
  EXPECT_EQ(plan.trials.size(), 4u);
  EXPECT_TRUE(plan.searches.empty());
  EXPECT_EQ(plan.runs.at(1).spec.optimizer.learning_rate, 0.2);
}

TEST(Plan, OneSearchAnArchitectureWhereASizeIsNamed) {
  const StudyPlan plan =
      plan_of({{6, "  architecture: [transformer, primer]"},
               {7, kTwoSizes},
               {10, "  learning_rate: {search: [0.1, 0.2], decide_at: {tokens: 640, size: m}}"}});
  ASSERT_EQ(plan.searches.size(), 2u);
  EXPECT_EQ(plan.searches[0].size, "m");
  EXPECT_TRUE(plan.searches[0].every_size);
  for (const PlannedTrial& trial : plan.trials)
    EXPECT_EQ(plan.searches[trial.search.value()].architecture, trial.architecture);
}

TEST(Plan, OneSearchASizeWhereNoneIsNamed) {
  const StudyPlan plan = plan_of(
      {{7, kTwoSizes}, {10, "  learning_rate: {search: [0.1, 0.2], decide_at: {tokens: 640}}"}});
  ASSERT_EQ(plan.searches.size(), 2u);
  for (const PlannedTrial& trial : plan.trials)
    EXPECT_EQ(plan.searches[trial.search.value()].size, trial.size);
}

TEST(Plan, OneSearchABudgetWhereNoPlaceIsNamed) {
  const StudyPlan plan = plan_of({{10, "  learning_rate: {search: [0.1, 0.2]}"}});
  ASSERT_EQ(plan.searches.size(), 2u);
  for (const PlannedTrial& trial : plan.trials)
    EXPECT_EQ(plan.searches[trial.search.value()].budget.value, trial.budget);
}

TEST(Plan, TotalsCountWinnerArmsAndRunnerUp) {
  // One size, three rates decided at 640 of 1280 tokens (10 of 20 steps): the winner 20, the third
  // arm 10, the runner-up 20 steps; a second seed 20.
  const StudyPlan plan =
      plan_of({{9, "  seed: [0, 1]"},
               {10, "  learning_rate: {search: [1, 2, 3], decide_at: {tokens: 640, size: s}}"}});
  EXPECT_DOUBLE_EQ(plan.flops, 70 * plan.runs.at(0).flops_per_step);
}

TEST(Plan, ASearchAtEachBudgetTrainsEveryArmToTheTop) {
  const StudyPlan plan = plan_of({{10, "  learning_rate: {search: [1, 2, 3]}"}});
  EXPECT_DOUBLE_EQ(plan.flops, 60 * plan.runs.at(0).flops_per_step);
}

TEST(Plan, RatesAreDecidedAlsoWhereNoTrialIsAskedFor) {
  const StudyPlan plan =
      plan_of({{7, kTwoSizes},
               {10, "  learning_rate: {search: [1, 2], decide_at: {tokens: 640, size: s}}"},
               {11, "  exclude: [{size: s}]"}});
  ASSERT_EQ(plan.searches.size(), 1u);
  EXPECT_EQ(plan.runs[plan.searches[0].arms[0]].spec.model.size, "s");
  for (const PlannedTrial& trial : plan.trials) EXPECT_EQ(trial.size, "m");
}

// It is a file's name, of 255 bytes with those by which it is written beside its place, and UTF-8.
TEST(Plan, ADecisionsKeyIsShortAndStillItsOwn) {
  std::string name;
  for (int i = 0; i < 130; ++i) name += "\u00e4";  // two bytes
  const StudyPlan plan = plan_of(
      {{7, "  size: [{name: " + name + "1, d_model: 16}, {name: " + name + "2, d_model: 8}]"},
       {10, "  learning_rate: {search: [1, 2], decide_at: {tokens: 640}}"}});
  ASSERT_EQ(plan.searches.size(), 2U);
  EXPECT_NE(plan.searches[0].key, plan.searches[1].key);
  for (const PlannedSearch& search : plan.searches) {
    EXPECT_LT(search.key.size(), 160U);
    EXPECT_TRUE(is_utf8(search.key));
  }
}

TEST(Plan, OtherRatesAreAnotherDecision) {
  const auto key = [](const char* rates) {
    return plan_of({{10, std::string("  learning_rate: {search: ") + rates +
                             ", decide_at: {tokens: 640}}"}})
        .searches.at(0)
        .key;
  };
  EXPECT_EQ(key("[1, 2]"), key("[2, 1]"));
  EXPECT_NE(key("[1, 2]"), key("[1, 2, 3]"));
}

TEST(Plan, QuickstartCostsWhatItsCommentSays) {
  // Per architecture: 24x2 to 0.93e12; 32x2 and 32x4 at three seeds, 48x4 and 64x4 to 2e12; a
  // losing arm to 0.93e12 and the runner-up to 2e12: 0.93 + 8 x 2 + 0.93 + 2 = 19.86e12; steps
  // overshoot by less than 0.2 %. Trials: 3 + 3 x 4 + 3 x 4 + 4 + 1 = 32.
  const StudyPlan plan = make_plan(shipped_study("quickstart.yaml"));
  EXPECT_EQ(plan.trials.size(), 4 * 32u);
  EXPECT_NEAR(plan.flops / (4 * 19.86e12), 1, 2e-3);
}

TEST(Plan, EntropyStaysWithinItsBudget) {
  const StudyPlan plan = make_plan(shipped_study("entropy.yaml"));
  EXPECT_LT(plan.flops, 4e13);
  std::set<double> budgets;
  for (const PlannedTrial& trial : plan.trials) budgets.insert(trial.budget);
  EXPECT_GE(budgets.size(), 8u);
  EXPECT_GE(*budgets.rbegin() / *budgets.begin(), 31.6);  // 1.5 decades
}

}  // namespace
}  // namespace isoloss
