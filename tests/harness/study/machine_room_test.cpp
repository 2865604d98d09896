// A run that its machine cannot hold is refused before anything of it is taken.
#include "harness/study/machine_room.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "harness/study/study_loop.h"
#include "harness/study/study_outcome.h"
#include "results/study_folder.h"
#include "tests/harness/tiny_study.h"

namespace isoloss {
namespace {

using testing::HasSubstr;
using tiny_study::Place;

StudyPlan plan_of(const Place& place) {
  return make_plan(read_study(tiny_study::write_study(place, "[640]", "[0.05]")));
}

TEST(MachineRoom, SaysWhatWouldHoldTheRun) {
  const Place place;
  PlannedRun run = plan_of(place).runs.at(0);
  run.spec.optimizer.batch_tokens = std::int64_t{1} << 22;
  const double bytes = predicted_memory(run.spec, {}).lowest;
  EXPECT_NO_THROW(check_machine_room(run, {}, bytes));
  try {
    check_machine_room(run, {}, 0.7 * bytes);
    FAIL() << "not refused";
  } catch (const MachineTooSmall& refusal) {
    EXPECT_THAT(refusal.what(),
                testing::AllOf(HasSubstr("of memory by prediction"), HasSubstr("(this machine has"),
                               HasSubstr("set in run: accumulate: 2 (then memory holds it)")));
  }
  EXPECT_THROW(check_machine_room(run, {}, 1e6), MachineTooSmall);
}

TEST(MachineRoom, OneThatIsTooLargeCostsNoOther) {
  const Place place;
  const auto file = tiny_study::write_study(place, "[640]", "[0.05]");
  const Study study = read_study(file);
  const StudyPlan plan = make_plan(study);
  RunOptions options;
  options.folder = place.root / "out";
  // Less than the second size takes, and enough for the first.
  options.machine_bytes = predicted_memory(plan.runs.at(1).spec, {}).lowest - 1;
  ASSERT_LE(predicted_memory(plan.runs.at(0).spec, {}).lowest, options.machine_bytes);
  EXPECT_EQ(run_study(study, options), kExitFailed);
  const StudyFolder folder{options.folder};
  const auto trained = read_run(folder, plan.runs.at(0).id);
  ASSERT_TRUE(trained);
  EXPECT_EQ(trained->state, RunState::Finished);
  const auto attempts = read_attempts(folder, plan.runs.at(1).id);
  ASSERT_FALSE(attempts.empty());
  EXPECT_THAT(attempts[0].reason, HasSubstr("of memory by prediction"));
}

}  // namespace
}  // namespace isoloss
