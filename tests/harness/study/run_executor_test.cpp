// Stops at every moment of a work item: what is on disk then is what a later start goes on from.
#include "harness/study/run_executor.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <fstream>
#include <map>
#include <optional>
#include <sstream>
#include <string>
#include <vector>

#include "harness/files/run_storage.h"
#include "harness/study/study_outcome.h"
#include "results/checkpoint_names.h"
#include "results/code_version.h"
#include "results/durable_file.h"
#include "results/folder_entries.h"
#include "results/verify.h"
#include "tests/harness/first_item.h"
#include "tests/harness/tiny_study.h"

namespace isoloss {
namespace {

using tiny_study::Place;

TEST(RunExecutor, StoppedAtAnyQuestionItGoesOnAsUndisturbed) {
  const Place place;
  const auto study = tiny_study::write_study(place, "[1280]", "[0.05]");
  const auto whole = place.root / "whole";
  int questions = 0;
  ASSERT_EQ(train_first_item(study, place.root / "asked", [&] { return ++questions < 0; }),
            TrainingOutcome::Reached);
  ASSERT_EQ(tiny_study::run(study, whole), kExitDone);
  // While the text is prepared and the state read; 20 steps; then only the evaluation is left.
  ASSERT_GT(questions, 24);
  for (const int last : {1, 3, 12, questions - 3, questions - 2, questions - 1, questions}) {
    const auto folder = place.root / ("stopped-" + std::to_string(last));
    int asked = 0;
    ASSERT_EQ(train_first_item(study, folder, [&] { return ++asked >= last; }),
              TrainingOutcome::Stopped);
    for (const std::string& id : run_ids({folder})) {
      const auto record = load_run({folder}, id);
      if (record) {
        EXPECT_TRUE(record->evaluations.empty());
      }
    }
    // Stopped there once more, then to the end.
    asked = 0;
    train_first_item(study, folder, [&] { return ++asked >= 2; });
    ASSERT_EQ(tiny_study::run(study, folder), kExitDone) << last;
    EXPECT_EQ(tiny_study::losses(folder), tiny_study::losses(whole)) << last;
    EXPECT_TRUE(verify_study({folder}).empty()) << last;
  }
}

// The rate of AdamW moves every weight by ten a step: losses stay finite, far above ln 256 + 1.
TEST(RunExecutor, ARunThatClimbsIsStoredAsDivergedAtTheSameStepWhereverItIsStopped) {
  const Place place;
  const auto study = tiny_study::write_study(place, "[1280, 64000]", "[10.0]", "tiny", "constant");
  std::stringstream text;
  text << std::ifstream(study).rdbuf();
  std::string yaml = text.str();
  yaml.replace(yaml.find("adafactor"), 9, "adamw");
  std::ofstream(study) << yaml;
  const StudyFolder whole{place.root / "whole"};
  ASSERT_EQ(tiny_study::run(study, whole.root), kExitFailed);
  std::map<std::string, RunRecord> expected;
  for (const std::string& id : run_ids(whole)) {
    const RunRecord record = load_run(whole, id).value_or(RunRecord{});
    EXPECT_EQ(record.state, RunState::Diverged);
    EXPECT_THAT(record.reason,
                testing::HasSubstr("up to step " + std::to_string(last_step(record))));
    EXPECT_GE(last_step(record), 210);
    EXPECT_LT(last_step(record), 1000);
    EXPECT_EQ(record.evaluations.size(), 1U);  // of step 20
    EXPECT_TRUE(checkpoint_steps(whole.run(id)).empty());
    expected[id] = record;
  }
  ASSERT_EQ(expected.size(), 2U);
  // In the warm-up, in the middle, and about where it ends.
  for (const int last : {8, 120, 215, 225}) {
    const StudyFolder folder{place.root / ("stopped-" + std::to_string(last))};
    int asked = 0;
    train_first_item(study, folder.root, [&] { return ++asked >= last; });
    ASSERT_EQ(tiny_study::run(study, folder.root), kExitFailed) << last;
    for (const auto& [id, record] : expected) {
      const RunRecord found = load_run(folder, id).value_or(RunRecord{});
      EXPECT_EQ(found.state, RunState::Diverged) << last;
      EXPECT_EQ(found.reason, record.reason) << last;
    }
    EXPECT_EQ(tiny_study::losses(folder.root), tiny_study::losses(whole.root)) << last;
    EXPECT_TRUE(verify_study(folder).empty()) << last;
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
  ASSERT_EQ(train_first_item(study, root, [&] { return ++asked >= 12; }), TrainingOutcome::Stopped);
  const std::string id = run_ids({root}).at(0);
  RunRecord stored = *load_run({root}, id);
  stored.header.code_version = "0.0.1-other";
  store_run_file(StudyFolder{root}.run_file(id), stored);
  std::filesystem::remove(StudyFolder{root}.journal(id));
  testing::internal::CaptureStderr();
  EXPECT_EQ(train_first_item(study, root, [] { return false; }), TrainingOutcome::Reached);
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

// A run's steps are set against what was predicted as it began, if the same ranks took them all.
TEST(RunExecutor, ARunThatOtherRanksTrainedTooHasNoPredictionOfItsSteps) {
  const Place place;
  const auto study = tiny_study::write_study(place, "[1280]", "[0.05]");
  for (const std::int64_t ranks : {1, 2}) {
    const StudyFolder folder{place.root / std::to_string(ranks)};
    int asked = 0;
    ASSERT_EQ(train_first_item(study, folder.root, [&] { return ++asked >= 12; }),
              TrainingOutcome::Stopped);
    const std::string id = run_ids(folder).at(0);
    RunRecord stored = *load_run(folder, id);
    ASSERT_TRUE(stored.header.predicted_step_seconds);
    stored.header.predicted_step_seconds = 123;
    stored.header.ranks = ranks;
    store_run_file(folder.run_file(id), stored);
    std::filesystem::remove(folder.journal(id));
    ASSERT_EQ(train_first_item(study, folder.root, [] { return false; }), TrainingOutcome::Reached);
    EXPECT_EQ(load_run(folder, id)->header.predicted_step_seconds,
              ranks == 1 ? std::optional<double>(123) : std::nullopt);
  }
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
  ASSERT_EQ(train_first_item(study, place.root / "asked", [&] { return ++questions < 0; }),
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
    ASSERT_EQ(train_first_item(study, folder, [&] { return ++asked >= last; }),
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
  train_first_item(
      study, folder,
      [&]() -> bool {
        while (++asked > 40) ::pause();
        return false;
      },
      nullptr, limits);
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
