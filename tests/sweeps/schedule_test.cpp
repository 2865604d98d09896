// The schedule, run to its end with made-up losses.
#include "sweeps/schedule.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <cmath>
#include <functional>
#include <limits>
#include <set>

#include "tests/sweeps/study_files.h"

namespace isoloss {
namespace {

constexpr const char* kTwoSizes = "  size: [{name: s, d_model: 16}, {name: m, d_model: 32}]";
constexpr const char* kAtSize =
    "  learning_rate: {search: [1, 2, 3], decide_at: {tokens: 640, size: s}}";
constexpr const char* kPerSize = "  learning_rate: {search: [1, 2, 3], decide_at: {tokens: 640}}";
constexpr const char* kEachBudget = "  learning_rate: {search: [1, 2, 3]}";

using Loss = std::function<double(const PlannedRun&, std::int64_t step)>;

StudyPlan plan_of(const Lines& replaced) { return make_plan(study_of(replaced)); }

// The best rate is 2, then 3.
double rate_two(const PlannedRun& run, std::int64_t) {
  return std::abs(run.spec.optimizer.learning_rate - 2.25);
}

// A study's state as files would hold it, advanced one work item at a time.
struct Simulation {
  explicit Simulation(StudyPlan planned) : plan(std::move(planned)) {}

  RunProgress& of(const std::string& id) {
    for (RunProgress& run : progress)
      if (run.id == id) return run;
    progress.push_back({});
    progress.back().id = id;
    return progress.back();
  }

  std::vector<WorkItem> ready() const { return ready_work(plan, progress, decisions); }
  bool done() const { return is_done(plan, progress, decisions); }

  void decide() {
    std::set<std::string> taken;
    for (const SearchDecision& decision : decisions) taken.insert(decision.key);
    for (const SearchDecision& due : due_decisions(plan, progress))
      if (!taken.contains(due.key)) decisions.push_back(due);
  }

  void train(const WorkItem& item, const Loss& loss) {
    RunProgress& run = of(item.id);
    if (item.from_step == 0) run.selection_losses.clear();
    for (const EvaluationStop& stop : item.stops) {
      const double value = loss(plan.runs[item.run], stop.step);
      if (std::isnan(value)) {
        run.diverged = true;
        run.reason = "loss is not finite";
        return;
      }
      run.selection_losses[stop.step] = value;
      run.checkpoint_step = stop.step;
    }
    run.checkpoint_step = item.to_step;
    if (item.keep) run.checkpoints.push_back(item.to_step);
    steps += item.to_step - item.from_step;
  }

  void finish(const Loss& loss) {
    for (int turns = 0; !done(); ++turns) {
      ASSERT_LT(turns, 1000) << "the schedule does not end";
      decide();
      const std::vector<WorkItem> items = ready();
      if (!items.empty()) train(items.front(), loss);
      decide();
    }
  }

  std::int64_t checkpoint(double rate, const std::string& size = "s") {
    for (const PlannedRun& run : plan.runs)
      if (run.spec.optimizer.learning_rate == rate && run.spec.model.size == size)
        return of(run.id).checkpoint_step;
    return -1;
  }

  StudyPlan plan;
  std::vector<RunProgress> progress;
  std::vector<SearchDecision> decisions;
  std::int64_t steps = 0;
};

TEST(Schedule, WithoutASearchEachRunIsOneItemToItsTopBudget) {
  const Simulation study(plan_of({}));
  const std::vector<WorkItem> items = study.ready();
  ASSERT_EQ(items.size(), 1u);
  EXPECT_EQ(items[0].from_step, 0);
  EXPECT_EQ(items[0].to_step, 20);
  ASSERT_EQ(items[0].stops.size(), 2u);
  EXPECT_EQ(items[0].stops[0].step, 10);
  EXPECT_EQ(items[0].stops[0].budget, 640);
}

TEST(Schedule, LongestRemainingGoesFirst) {
  const Simulation study(plan_of({{7, kTwoSizes}}));
  const std::vector<WorkItem> items = study.ready();
  ASSERT_EQ(items.size(), 2u);
  EXPECT_EQ(study.plan.runs[items[0].run].spec.model.size, "m");
}

TEST(Schedule, AnArmEndsWhereItIsDecided) {
  const Simulation study(plan_of({{7, kTwoSizes}, {10, kAtSize}}));
  const std::vector<WorkItem> items = study.ready();
  ASSERT_EQ(items.size(), 3u);
  for (const WorkItem& item : items) {
    EXPECT_TRUE(item.search_arm);
    EXPECT_EQ(item.to_step, 10);
  }
}

TEST(Schedule, ArmsGoBeforeLongerWork) {
  // The second architecture's search is open while the first one's winner has larger work to do.
  Simulation study(
      plan_of({{6, "  architecture: [transformer, primer-ez]"}, {7, kTwoSizes}, {10, kAtSize}}));
  for (const WorkItem& item : study.ready())
    if (study.plan.runs[item.run].spec.model.architecture == "transformer")
      study.train(item, rate_two);
  study.decide();
  const std::vector<WorkItem> items = study.ready();
  ASSERT_GT(items.size(), 3u);
  for (std::size_t i = 0; i < 3; ++i) EXPECT_TRUE(items[i].search_arm);
  EXPECT_GT(items[3].flops, items[0].flops);
}

TEST(Schedule, DecidedAtASizeTheBestRateServesEverySize) {
  Simulation study(plan_of({{7, kTwoSizes}, {10, kAtSize}}));
  study.finish(rate_two);
  ASSERT_EQ(study.decisions.size(), 1u);
  EXPECT_EQ(study.decisions[0].learning_rate, 2);
  EXPECT_FALSE(study.decisions[0].at_edge);
  EXPECT_EQ(study.checkpoint(2, "m"), 20);
  EXPECT_EQ(study.checkpoint(3, "m"), 0);
  EXPECT_EQ(study.checkpoint(1), 10);  // lost: stopped where it was decided
  EXPECT_EQ(study.checkpoint(3), 20);  // runner-up: trained on as a check
}

TEST(Schedule, DecidedPerSizeEachSizeHasItsOwnRate) {
  Simulation study(plan_of({{7, kTwoSizes}, {10, kPerSize}}));
  study.finish([](const PlannedRun& run, std::int64_t) {
    return std::abs(run.spec.optimizer.learning_rate - (run.spec.model.size == "s" ? 3 : 1.9));
  });
  ASSERT_EQ(study.decisions.size(), 2u);
  EXPECT_EQ(study.checkpoint(3, "s"), 20);
  EXPECT_EQ(study.checkpoint(2, "m"), 20);
  EXPECT_EQ(study.checkpoint(1, "m"), 10);
  for (const SearchDecision& decision : study.decisions)
    EXPECT_EQ(decision.at_edge, decision.size == "s");  // 3 is the highest rate, 2 is not
  int checks = 0;                                       // once per architecture
  for (const SearchDecision& decision : study.decisions) checks += !decision.runner_up.empty();
  EXPECT_EQ(checks, 1);
}

TEST(Schedule, DecidedAtEachBudgetEveryArmGoesToTheTop) {
  Simulation study(plan_of({{9, "  seed: [0, 1]"}, {10, kEachBudget}}));
  // Rate 3 is best at 10 steps, rate 1 at 20.
  study.finish([](const PlannedRun& run, std::int64_t step) {
    return std::abs(run.spec.optimizer.learning_rate - (step == 10 ? 3 : 1));
  });
  ASSERT_EQ(study.decisions.size(), 2u);
  for (const double rate : {1, 2, 3}) EXPECT_EQ(study.checkpoint(rate), 20);
  for (const TrialState& state : trial_states(study.plan, study.progress, study.decisions)) {
    EXPECT_EQ(state.phase, TrialPhase::Done);
    const double rate = study.plan.runs[state.run.value()].spec.optimizer.learning_rate;
    EXPECT_EQ(rate, study.plan.trials[state.trial].budget == 640 ? 3 : 1);
  }
}

TEST(Schedule, TheTotalsAreWhatIsTrained) {
  for (const char* rates : {kAtSize, kPerSize, kEachBudget}) {
    Simulation study(plan_of({{9, "  seed: [0, 1]"}, {10, rates}}));
    study.finish(rate_two);
    EXPECT_DOUBLE_EQ(static_cast<double>(study.steps) * study.plan.runs[0].flops_per_step,
                     study.plan.flops)
        << rates;
  }
}

TEST(Schedule, ADivergedArmLoses) {
  Simulation study(plan_of({{10, kAtSize}}));
  study.finish([](const PlannedRun& run, std::int64_t) {
    return run.spec.optimizer.learning_rate == 2 ? std::numeric_limits<double>::quiet_NaN()
                                                 : run.spec.optimizer.learning_rate;
  });
  ASSERT_EQ(study.decisions.size(), 1u);
  EXPECT_EQ(study.decisions[0].learning_rate, 1);
  EXPECT_TRUE(study.decisions[0].arms.at(1).diverged);
  EXPECT_TRUE(study.decisions[0].at_edge);
}

TEST(Schedule, WhereAllArmsDivergeTheRestIsSkippedWithAReason) {
  Simulation study(plan_of({{7, kTwoSizes}, {10, kAtSize}}));
  study.finish(
      [](const PlannedRun&, std::int64_t) { return std::numeric_limits<double>::quiet_NaN(); });
  ASSERT_EQ(study.decisions.size(), 1u);
  EXPECT_EQ(study.decisions[0].winner, "");
  for (const TrialState& state : trial_states(study.plan, study.progress, study.decisions)) {
    EXPECT_EQ(state.phase, TrialPhase::Skipped);
    EXPECT_EQ(state.reason, "every learning rate of the search diverged");
  }
}

TEST(Schedule, ADivergedRunCostsNoOtherTrial) {
  Simulation study(plan_of({{7, kTwoSizes}}));
  study.finish([](const PlannedRun& run, std::int64_t step) {
    return run.spec.model.size == "s" && step == 20 ? std::numeric_limits<double>::quiet_NaN() : 1;
  });
  std::multiset<TrialPhase> phases;
  for (const TrialState& state : trial_states(study.plan, study.progress, study.decisions))
    phases.insert(state.phase);
  EXPECT_EQ(phases.count(TrialPhase::Done), 3u);
  EXPECT_EQ(phases.count(TrialPhase::Diverged), 1u);
}

TEST(Schedule, TwoFailedAttemptsAreQuarantine) {
  Simulation study(plan_of({{7, kTwoSizes}}));
  const std::string id = study.ready().front().id;
  study.of(id).failed_attempts = 1;
  EXPECT_EQ(study.ready().size(), 2u);
  study.of(id).failed_attempts = 2;
  ASSERT_EQ(study.ready().size(), 1u);
  EXPECT_NE(study.ready().front().id, id);
}

TEST(Schedule, ARunWhoseFilesCannotBeUsedWaitsAndTheOthersGoOn) {
  Simulation study(plan_of({{7, kTwoSizes}}));
  RunProgress& run = study.of(study.plan.runs[0].id);
  run.unusable = true;
  run.reason = "cannot read FILE";
  study.finish(rate_two);
  for (const TrialState& state : trial_states(study.plan, study.progress, study.decisions)) {
    const bool first = state.run == 0U;
    EXPECT_EQ(state.phase, first ? TrialPhase::Quarantined : TrialPhase::Done);
    EXPECT_EQ(state.reason, first ? "cannot read FILE" : "");
  }
}

TEST(Schedule, AQuarantinedArmStopsItsSearchWithAReason) {
  Simulation study(plan_of({{10, kAtSize}}));
  study.of(study.ready().front().id).failed_attempts = 2;
  study.finish(rate_two);
  EXPECT_TRUE(study.decisions.empty());
  for (const TrialState& state : trial_states(study.plan, study.progress, study.decisions)) {
    EXPECT_EQ(state.phase, TrialPhase::Skipped);
    EXPECT_NE(state.reason.find("failed 2 times"), std::string::npos);
  }
}

TEST(Schedule, AnInterruptedRunGoesOnFromItsCheckpoint) {
  Simulation study(plan_of({}));
  RunProgress& run = study.of(study.plan.runs[0].id);
  run.checkpoint_step = 13;
  run.selection_losses[10] = 1;
  const std::vector<WorkItem> items = study.ready();
  ASSERT_EQ(items.size(), 1u);
  EXPECT_EQ(items[0].from_step, 13);
  ASSERT_EQ(items[0].stops.size(), 1u);
  EXPECT_EQ(items[0].stops[0].step, 20);
}

// A stop came between the checkpoint's last step and the end of its evaluation.
// Killed after its last checkpoint: no step is left, its file's last word is.
TEST(Schedule, ARunThatIsSavedToItsEndAndNotFinishedIsOneItemOfNoSteps) {
  Simulation study(plan_of({}));
  study.finish(rate_two);
  const std::int64_t steps = study.steps;
  study.progress[0].unfinished = true;
  ASSERT_EQ(study.ready().size(), 1U);
  const WorkItem item = study.ready()[0];
  EXPECT_EQ(item.id, study.progress[0].id);
  EXPECT_EQ(item.from_step, study.progress[0].checkpoint_step);
  EXPECT_EQ(item.to_step, item.from_step);
  EXPECT_TRUE(item.stops.empty());
  study.train(item, rate_two);
  study.progress[0].unfinished = false;
  EXPECT_TRUE(study.done());
  EXPECT_EQ(study.steps, steps);
}

TEST(Schedule, AnEvaluationThatWasLeftIsMadeFromTheCheckpointOfItsStep) {
  for (const std::int64_t step : {10, 20}) {
    Simulation study(plan_of({}));
    RunProgress& run = study.of(study.plan.runs[0].id);
    run.checkpoint_step = step;
    if (step == 20) run.selection_losses[10] = 1;
    const std::vector<WorkItem> items = study.ready();
    ASSERT_EQ(items.size(), 1u);
    EXPECT_EQ(items[0].from_step, step);
    EXPECT_EQ(items[0].to_step, 20);
    ASSERT_FALSE(items[0].stops.empty());
    EXPECT_EQ(items[0].stops[0].step, step);
    study.finish(rate_two);
    EXPECT_EQ(study.progress[0].selection_losses.size(), 2u);
  }
}

TEST(Schedule, TheOrderInWhichFilesAreReadDoesNotMatter) {
  Simulation study(plan_of({{7, kTwoSizes}, {9, "  seed: [0, 1]"}, {10, kPerSize}}));
  for (const WorkItem& item : study.ready()) study.train(item, rate_two);
  study.decide();
  const auto ids = [&] {
    std::vector<std::string> list;
    for (const WorkItem& item : study.ready()) list.push_back(item.id);
    return list;
  };
  const std::vector<std::string> before = ids();
  std::reverse(study.progress.begin(), study.progress.end());
  std::reverse(study.decisions.begin(), study.decisions.end());
  EXPECT_EQ(ids(), before);
  EXPECT_FALSE(before.empty());
}

TEST(Schedule, AHigherBudgetTrainsOnlyWhatIsMissing) {
  Simulation study(plan_of({}));
  study.finish(rate_two);
  study.plan = plan_of({{8, "  budget: {tokens: [640, 1280, 1920]}"}});
  const std::vector<WorkItem> items = study.ready();
  ASSERT_EQ(items.size(), 1u);
  EXPECT_EQ(items[0].from_step, 20);
  EXPECT_EQ(items[0].to_step, 30);
}

TEST(Schedule, ABudgetAddedInBetweenTrainsAgainFromTheStart) {
  Simulation study(plan_of({}));
  study.finish(rate_two);
  study.plan = plan_of({{8, "  budget: {tokens: [640, 960, 1280]}"}});
  const std::vector<WorkItem> items = study.ready();
  ASSERT_EQ(items.size(), 1u);
  EXPECT_EQ(items[0].from_step, 0);
  EXPECT_EQ(items[0].to_step, 20);
  study.finish(rate_two);
  EXPECT_EQ(study.progress[0].selection_losses.size(), 3u);
}

constexpr const char* kWsd = "optimizer: {schedule: wsd, warmup_steps: 10, batch_tokens: 64}";
constexpr const char* kBudgets = "  budget: {tokens: [1280, 3200, 6400]}";  // 20, 50, 100 steps

const WorkItem* item_of(const std::vector<WorkItem>& items, const std::string& id) {
  const auto found = std::ranges::find(items, id, &WorkItem::id);
  return found == items.end() ? nullptr : &*found;
}

TEST(Schedule, BranchesWaitForTheirTrunk) {
  Simulation study(plan_of({{4, kWsd}, {8, kBudgets}}));
  const PlannedRun& first = study.plan.runs[study.plan.trials.at(0).run];
  const std::size_t trunk = first.branch->trunk;
  std::vector<WorkItem> items = study.ready();
  ASSERT_EQ(items.size(), 1u);
  EXPECT_EQ(items[0].run, trunk);
  EXPECT_EQ(items[0].to_step, 16);  // where the first of them leaves
  EXPECT_TRUE(items[0].keep);
  study.train(items[0], rate_two);
  items = study.ready();
  ASSERT_EQ(items.size(), 2u);
  EXPECT_EQ(items[0].run, trunk);  // the longest way is left to it
  EXPECT_EQ(items[0].from_step, 16);
  EXPECT_EQ(items[0].to_step, 40);
  EXPECT_EQ(items[1].id, first.id);
  EXPECT_EQ(items[1].trunk, study.plan.runs[trunk].id);
  EXPECT_EQ(items[1].from_step, 16);
  EXPECT_EQ(items[1].to_step, 20);
}

TEST(Schedule, TrunksAndBranchesTrainWhatTheTotalsSay) {
  for (const char* rates : {"", kAtSize, kPerSize, kEachBudget}) {
    Simulation study(plan_of({{4, "optimizer: {schedule: wsd, warmup_steps: 5, batch_tokens: 64}"},
                              {8, "  budget: {tokens: [640, 1280, 6400]}"},
                              {9, "  seed: [0, 1]"},
                              {10, rates}}));
    const StudyProgress before = study_progress(study.plan, study.progress, study.decisions);
    study.finish(rate_two);
    EXPECT_DOUBLE_EQ(static_cast<double>(study.steps) * study.plan.runs[0].flops_per_step,
                     study.plan.flops)
        << rates;
    EXPECT_DOUBLE_EQ(before.total_flops, study.plan.flops) << rates;
    const StudyProgress after = study_progress(study.plan, study.progress, study.decisions);
    EXPECT_DOUBLE_EQ(after.total_flops, study.plan.flops) << rates;
    EXPECT_EQ(after.done_flops, after.total_flops) << rates;
    for (const TrialState& state : trial_states(study.plan, study.progress, study.decisions))
      EXPECT_EQ(state.phase, TrialPhase::Done) << rates;
  }
}

// With a horizon the check is a run of its own, the runner-up's at the top budget.
TEST(Schedule, TheRunnerUpsCheckIsItsRunAtTheTopBudget) {
  for (const char* schedule : {"cosine", "wsd"}) {
    Simulation study(
        plan_of({{4, std::string("optimizer: {schedule: ") + schedule +
                         ", warmup_steps: 5, batch_tokens: 64}"},
                 {8, kBudgets},
                 {10, "  learning_rate: {search: [1, 2, 3], decide_at: {tokens: 1280}}"}}));
    study.finish(rate_two);
    ASSERT_EQ(study.decisions.size(), 1u);
    EXPECT_EQ(study.decisions[0].learning_rate, 2);
    const auto check =
        std::ranges::find(study.plan.runs, study.decisions[0].runner_up, &PlannedRun::id);
    ASSERT_NE(check, study.plan.runs.end());
    EXPECT_EQ(check->spec.optimizer.learning_rate, 3);
    EXPECT_EQ(check->spec.optimizer.horizon, 100);
    EXPECT_TRUE(study.of(check->id).selection_losses.contains(100));
  }
}

// A budget that was added later, before where its trunk is: from the last checkpoint before it.
TEST(Schedule, ABranchWithoutItsCheckpointTrainsWhatItLacks) {
  Simulation study(plan_of({{4, kWsd}, {8, kBudgets}}));
  study.finish(rate_two);
  study.plan = plan_of({{4, kWsd}, {8, "  budget: {tokens: [1280, 1600, 3200, 6400]}"}});
  std::vector<WorkItem> items = study.ready();
  ASSERT_EQ(items.size(), 1u);
  EXPECT_EQ(items[0].from_step, 16);
  EXPECT_EQ(items[0].to_step, 25);
  for (RunProgress& run : study.progress) run.checkpoints.clear();
  items = study.ready();
  ASSERT_EQ(items.size(), 1u);
  EXPECT_EQ(items[0].from_step, 0);
  EXPECT_EQ(items[0].trunk, "");
}

TEST(Schedule, BranchesOfATrunkThatIsGivenUpTrainAlone) {
  Simulation study(plan_of({{4, kWsd}, {8, kBudgets}}));
  const WorkItem trunk = study.ready().at(0);
  study.train(trunk, rate_two);
  study.of(trunk.id).failed_attempts = kAttemptsBeforeQuarantine;
  const std::vector<WorkItem> items = study.ready();
  ASSERT_EQ(items.size(), 3u);
  EXPECT_EQ(item_of(items, trunk.id), nullptr);
  for (const WorkItem& item : items) EXPECT_EQ(item.from_step, 16);
}

TEST(Schedule, AnInterruptedBranchGoesOnFromItsOwnCheckpoint) {
  Simulation study(plan_of({{4, kWsd}, {8, kBudgets}}));
  study.train(study.ready().at(0), rate_two);
  const std::string id = study.plan.trials.at(0).id.substr(0, 16);
  study.of(id).checkpoint_step = 18;
  const std::vector<WorkItem> items = study.ready();
  const WorkItem* item = item_of(items, id);
  ASSERT_NE(item, nullptr);
  EXPECT_EQ(item->from_step, 18);
  EXPECT_EQ(item->trunk, "");
}

TEST(Schedule, AKeptCheckpointIsSpentOnceItsBranchesAreOver) {
  Simulation study(plan_of({{4, kWsd}, {8, kBudgets}, {10, "  cooldown: [linear, sqrt]"}}));
  const WorkItem trunk = study.ready().at(0);
  study.train(trunk, rate_two);
  const auto spent = [&] { return spent_checkpoints(study.plan, study.progress, study.decisions); };
  for (int branch = 0; branch < 2; ++branch) {
    EXPECT_TRUE(spent().empty());
    for (const WorkItem& item : study.ready())
      if (!item.trunk.empty()) {
        study.train(item, rate_two);
        break;
      }
  }
  EXPECT_EQ(spent(), (std::vector<KeptCheckpoint>{{trunk.id, 16}}));
}

// While a search is open, any of its arms may be the one whose branches are wanted.
TEST(Schedule, ACheckpointIsKeptForBranchesOfAnOpenSearch) {
  Simulation study(
      plan_of({{4, kWsd},
               {8, kBudgets},
               {10, "  learning_rate: {search: [1, 2, 3], decide_at: {tokens: 3200}}"}}));
  for (int turn = 0; turn < 2; ++turn) study.train(study.ready().front(), rate_two);
  EXPECT_TRUE(spent_checkpoints(study.plan, study.progress, study.decisions).empty());
  study.finish(rate_two);
  // Every arm passed steps 16 and 40, the winner and the runner-up step 80 as well.
  EXPECT_EQ(spent_checkpoints(study.plan, study.progress, study.decisions).size(), 8u);
}

TEST(Schedule, ProgressEndsAtTheTotal) {
  Simulation study(plan_of({{7, kTwoSizes}, {10, kAtSize}}));
  const StudyProgress before = study_progress(study.plan, study.progress, study.decisions);
  EXPECT_EQ(before.done_flops, 0);
  EXPECT_DOUBLE_EQ(before.total_flops, study.plan.flops);
  study.finish(rate_two);
  const StudyProgress after = study_progress(study.plan, study.progress, study.decisions);
  EXPECT_EQ(after.done_flops, after.total_flops);
}

}  // namespace
}  // namespace isoloss
