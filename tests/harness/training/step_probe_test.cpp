// Steps taken to predict a study's time, and what is remembered of them.
#include "harness/training/step_probe.h"

#include <gtest/gtest.h>
#include <unistd.h>

#include <chrono>
#include <cstdlib>
#include <fstream>
#include <stdexcept>
#include <thread>

#include "harness/training/remembered_steps.h"
#include "tests/harness/tiny_study.h"

namespace isoloss {
namespace {

namespace fs = std::filesystem;

StudyPlan plan_of_two_sizes(const tiny_study::Place& place) {
  return make_plan(read_study(tiny_study::write_study(place, "[640]", "[0.1]")));
}

ProbeConditions quick() {
  ProbeConditions conditions;
  conditions.beside = 2;
  conditions.memory_bytes = 1e10;
  conditions.seconds = 0.02;
  return conditions;
}

TEST(StepProbe, TimesEveryKindOfStepThatIsNotKnown) {
  const tiny_study::Place place;
  const StudyPlan plan = plan_of_two_sizes(place);
  std::size_t told = 0;
  const auto count = [&told](std::size_t, std::size_t) { ++told; };
  const StepTimes times = probe_steps(plan, {}, quick(), count);
  ASSERT_EQ(times.size(), 2);  // the sizes; rates, seeds and budgets share a kind
  EXPECT_EQ(told, 2);
  for (const PlannedRun& run : plan.runs) {
    const MeasuredStep& step = times.at(step_key(run.spec));
    EXPECT_GT(step.fastest, 0);
    EXPECT_LE(step.fastest, step.seconds);
    EXPECT_LE(step.seconds, step.slowest);
  }
  EXPECT_TRUE(probe_steps(plan, times, quick(), count).empty());
}

TEST(StepProbe, LeavesOutWhatMemoryDoesNotHoldAndWhatTakesTooLong) {
  const tiny_study::Place place;
  const StudyPlan plan = plan_of_two_sizes(place);
  const auto nobody = [](std::size_t, std::size_t) {};
  ProbeConditions little = quick();
  little.memory_bytes = 1;
  EXPECT_TRUE(probe_steps(plan, {}, little, nobody).empty());
  ProbeConditions hasty = quick();
  hasty.longest_step = 1e-12;
  EXPECT_TRUE(probe_steps(plan, {}, hasty, nobody).empty());
}

// Like a device's: four updates are under way in a run. Only the first two may be waited for alone.
class FourUnderWay final : public TrainingState {
 public:
  FourUnderWay() : TrainingState(RankGroups()) {}
  std::size_t element_bytes() const override { return 4; }
  std::int64_t peak_memory() const override { return 0; }
  Update update(std::span<const std::int32_t>) override {
    if (++alone_ > 2) throw std::logic_error("nothing else is under way");
    return {};
  }
  std::optional<Update> begin(std::span<const std::int32_t>) override {
    if (++under_way_ < 4) return std::nullopt;
    return next();
  }
  std::int64_t under_way() const override { return under_way_; }
  Update next() override {
    std::this_thread::sleep_for(std::chrono::milliseconds(1));
    --under_way_;
    return {};
  }
  std::vector<float> token_losses(std::span<const std::int32_t>, std::int64_t) override {
    throw std::logic_error("a step alone is asked for");
  }
  const LanguageModel& model() override { throw std::logic_error("a step alone is asked for"); }
  StateTables tables() const override { throw std::logic_error("a step alone is asked for"); }
  StatePart part() override { throw std::logic_error("a step alone is asked for"); }
  void take_tensors(std::int64_t, double, const TensorSource&) override {}

 private:
  int alone_ = 0;
  std::int64_t under_way_ = 0;
};

TEST(StepProbe, TimesStepsWithAsManyUnderWayAsInARun) {
  const tiny_study::Place place;
  const StateMaker maker = [](const RunSpec&) { return std::make_unique<FourUnderWay>(); };
  const PackedStepTimes times = probe_packing(plan_of_two_sizes(place), maker, 2, 0.02);
  ASSERT_EQ(times.size(), 2);
  for (const int processes : {1, 2}) EXPECT_EQ(times.at(processes).size(), 2) << processes;
}

TEST(RememberedSteps, AreAddedToAndReadBack) {
  const tiny_study::Place place;
  ::setenv("XDG_CACHE_HOME", place.root.c_str(), 1);
  EXPECT_TRUE(remembered_steps(2).empty());
  remember_steps({{"a", {0.5, 0.25, 1.0 / 3}}}, 2);
  remember_steps({{"b", {2, 1, 4}}}, 2);
  EXPECT_EQ(remembered_steps(2), (StepTimes{{"a", {0.5, 0.25, 1.0 / 3}}, {"b", {2, 1, 4}}}));
  // One process alone takes others.
  EXPECT_TRUE(remembered_steps(1).empty());
}

TEST(RememberedSteps, AtOnceAreAsManyAsHaveCores) {
  const int cores = static_cast<int>(sysconf(_SC_NPROCESSORS_ONLN));
  EXPECT_EQ(steps_at_once(1, 1), 1);
  EXPECT_EQ(steps_at_once(2 * cores, 1), cores);
  EXPECT_EQ(steps_at_once(cores, cores), 1);
  EXPECT_EQ(steps_at_once(4, 2 * cores), 1);
}

TEST(RememberedSteps, AreNoneWhereTheFileSaysSomethingElse) {
  const tiny_study::Place place;
  ::setenv("XDG_CACHE_HOME", place.root.c_str(), 1);
  remember_steps({{"a", {2, 1, 4}}}, 1);
  for (const char* text : {"", "{", "[]", R"({"machine": "another", "steps": {"a": [2, 1, 4]}})"}) {
    std::ofstream(remembered_steps_file(1)) << text;
    EXPECT_TRUE(remembered_steps(1).empty()) << text;
  }
}

TEST(RememberedSteps, AreNoneWhereTheFileCannotBeRead) {
  const tiny_study::Place place;
  ::setenv("XDG_CACHE_HOME", place.root.c_str(), 1);
  fs::create_directories(remembered_steps_file(1));
  EXPECT_TRUE(remembered_steps(1).empty());
}

}  // namespace
}  // namespace isoloss
