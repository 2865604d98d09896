// Stops at every moment of a work item: what is on disk then is what a later start goes on from.
#include "harness/run_executor.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <map>
#include <string>
#include <vector>

#include "harness/code_version.h"
#include "harness/run_storage.h"
#include "harness/self_communicator.h"
#include "harness/study_outcome.h"
#include "harness/study_setup.h"
#include "results/durable_file.h"
#include "results/folder_entries.h"
#include "results/verify.h"
#include "tests/harness/tiny_study.h"

namespace isoloss {
namespace {

using tiny_study::Place;

// Trains the first ready item until `stop` says yes.
TrainingOutcome execute_one(const std::filesystem::path& study_file,
                            const std::filesystem::path& root, const std::function<bool()>& stop,
                            const StallLimits& stall = {}) {
  const Study study = read_study(study_file);
  const StudyPlan plan = make_plan(study);
  const StudyFolder folder{root};
  prepare_study_folder(folder, study);
  StudyReader reader(folder);
  const WorkItem item = ready_work(plan, reader.progress(plan), reader.decisions()).at(0);
  SelfCommunicator alone;
  RunExecutor executor(folder, study.name, 0, stall);
  RankReporter reporter(folder, 0);
  const auto claim = Claim::take(folder.claim(item.id), 0);
  return executor.execute(alone, {}, plan.runs[item.run], item, *claim, reporter, stop);
}

TEST(RunExecutor, StoppedAtAnyQuestionItGoesOnAsUndisturbed) {
  const Place place;
  const auto study = tiny_study::write_study(place, "[1280]", "[0.05]");
  const auto whole = place.root / "whole";
  int questions = 0;
  ASSERT_EQ(execute_one(study, place.root / "asked", [&] { return ++questions < 0; }),
            TrainingOutcome::Reached);
  ASSERT_EQ(tiny_study::run(study, whole), kExitDone);
  // While the text is prepared and the state read; 20 steps; then only the evaluation is left.
  ASSERT_GT(questions, 24);
  for (const int last : {1, 3, 12, questions - 3, questions - 2, questions - 1, questions}) {
    const auto folder = place.root / ("stopped-" + std::to_string(last));
    int asked = 0;
    ASSERT_EQ(execute_one(study, folder, [&] { return ++asked >= last; }),
              TrainingOutcome::Stopped);
    for (const std::string& id : run_ids({folder})) {
      const auto record = load_run({folder}, id);
      if (record) {
        EXPECT_TRUE(record->evaluations.empty());
      }
    }
    // Stopped there once more, then to the end.
    asked = 0;
    execute_one(study, folder, [&] { return ++asked >= 2; });
    ASSERT_EQ(tiny_study::run(study, folder), kExitDone) << last;
    EXPECT_EQ(tiny_study::losses(folder), tiny_study::losses(whole)) << last;
    EXPECT_TRUE(verify_study({folder}).empty()) << last;
  }
}

// All that the folder's ranks logged.
std::string logged(const std::filesystem::path& root) {
  std::string text;
  for (const auto& path : files_in(StudyFolder{root}.logs())) text += read_file(path);
  return text;
}

TEST(RunExecutor, GoingOnWithWhatAnotherVersionTrainedIsSaidOnceAndDone) {
  const Place place;
  const auto study = tiny_study::write_study(place, "[1280]", "[0.05]");
  const auto root = place.root / "out";
  int asked = 0;
  ASSERT_EQ(execute_one(study, root, [&] { return ++asked >= 12; }), TrainingOutcome::Stopped);
  const std::string id = run_ids({root}).at(0);
  RunRecord stored = *load_run({root}, id);
  stored.header.code_version = "0.0.1-other";
  store_run_file(StudyFolder{root}.run_file(id), stored);
  std::filesystem::remove(StudyFolder{root}.journal(id));
  testing::internal::CaptureStderr();
  EXPECT_EQ(execute_one(study, root, [] { return false; }), TrainingOutcome::Reached);
  const std::string said = testing::internal::GetCapturedStderr();
  for (const std::string& text : {said, logged(root)})
    EXPECT_THAT(text, testing::AllOf(testing::HasSubstr("run " + id + " was trained to step "),
                                     testing::HasSubstr("by isoloss 0.0.1-other; it goes on with "
                                                        "isoloss " +
                                                        code_version())));
  EXPECT_EQ(load_run({root}, id)->header.code_version, code_version());
  // What this version trained goes on without a word: a budget past the stored one.
  const auto more = tiny_study::write_study(place, "[1280, 2560]", "[0.05]");
  testing::internal::CaptureStderr();
  EXPECT_EQ(tiny_study::run(more, root), kExitDone);
  EXPECT_THAT(testing::internal::GetCapturedStderr(), testing::Not(testing::HasSubstr("0.0.1")));
  EXPECT_THAT(logged(root), testing::Not(testing::HasSubstr("by isoloss " + code_version() + ";")));
}

// What the runs' own tasks scored, by run.
std::map<std::string, std::vector<Score>> own_scores(const std::filesystem::path& root) {
  std::map<std::string, std::vector<Score>> scores;
  for (const std::string& id : run_ids({root}))
    scores[id] = load_run({root}, id).value_or(RunRecord{}).scores;
  return scores;
}

// Of 20 steps at 18, 19 and 20; a stop before or after any of them leaves each score there once.
TEST(RunExecutor, TasksOfTheStudysTextScoreTheLastTenthOnceHoweverOftenItIsStopped) {
  const Place place;
  const auto study = tiny_study::write_study(place, "[1280]", "[0.05]", "tiny", "rsqrt",
                                             "tokens: 1024, tasks: [mapping], score_points: 3");
  const auto whole = place.root / "whole";
  int questions = 0;
  ASSERT_EQ(execute_one(study, place.root / "asked", [&] { return ++questions < 0; }),
            TrainingOutcome::Reached);
  ASSERT_EQ(tiny_study::run(study, whole), kExitDone);
  const auto expected = own_scores(whole);
  ASSERT_EQ(expected.size(), 2U);
  for (const auto& [id, scores] : expected) {
    std::vector<std::int64_t> steps;
    for (const Score& score : scores) steps.push_back(score.step);
    EXPECT_EQ(steps, (std::vector<std::int64_t>{18, 19, 20}));
  }
  for (int last = questions / 2; last <= questions; last += 3) {
    const auto folder = place.root / ("stopped-" + std::to_string(last));
    int asked = 0;
    ASSERT_EQ(execute_one(study, folder, [&] { return ++asked >= last; }),
              TrainingOutcome::Stopped);
    ASSERT_EQ(tiny_study::run(study, folder), kExitDone) << last;
    EXPECT_EQ(own_scores(folder), expected) << last;
  }
}

// Hangs where it is asked for the 40th time, well inside the steps.
void hang_in_training(const std::filesystem::path& study, const std::filesystem::path& folder) {
  int asked = 0;
  StallLimits limits;
  limits.at_least = std::chrono::milliseconds(200);
  limits.look_every = std::chrono::milliseconds(20);
  execute_one(
      study, folder,
      [&]() -> bool {
        while (++asked > 40) ::pause();
        return false;
      },
      limits);
}

TEST(RunExecutorDeathTest, ARunThatHangsIsAFailedAttemptAndLeavesNoClaim) {
  const Place place;
  const auto study = tiny_study::write_study(place, "[6400]", "[0.05]");
  const StudyFolder folder{place.root / "hung"};
  // The new process has threads of its own, and so does LibTorch.
  GTEST_FLAG_SET(death_test_style, "threadsafe");
  EXPECT_EXIT(hang_in_training(study, folder.root), testing::ExitedWithCode(kExitFailed),
              "made no progress for .*longest pause before");
}

TEST(RunExecutor, AHangCountsOnceAndTheRunGoesOn) {
  const Place place;
  const auto study = tiny_study::write_study(place, "[6400]", "[0.05]");
  const StudyFolder folder{place.root / "hung"};
  const pid_t child = ::fork();
  if (child == 0) {
    hang_in_training(study, folder.root);
    ::_exit(kExitDone);
  }
  ASSERT_EQ(tiny_study::wait(child), kExitFailed);
  const std::string id = run_ids(folder).at(0);
  EXPECT_FALSE(std::filesystem::exists(folder.claim(id)));
  const auto attempts = read_attempts(folder, id);
  ASSERT_EQ(attempts.size(), 1U);
  EXPECT_THAT(attempts[0].reason, testing::HasSubstr("no progress"));
  ASSERT_EQ(tiny_study::run(study, folder.root), kExitDone);
  ASSERT_EQ(tiny_study::run(study, place.root / "whole"), kExitDone);
  EXPECT_EQ(tiny_study::losses(folder.root), tiny_study::losses(place.root / "whole"));
}

}  // namespace
}  // namespace isoloss
