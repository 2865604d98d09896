#include "harness/study/study_loop.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <algorithm>
#include <chrono>
#include <fstream>
#include <span>

#include "harness/files/run_storage.h"
#include "harness/progress/run_progress.h"
#include "harness/study/study_outcome.h"
#include "harness/study/study_setup.h"
#include "harness/training/checkpoint.h"
#include "model/spec/error.h"
#include "results/durable_file.h"
#include "results/folder_entries.h"
#include "results/journal.h"
#include "results/journal_frames.h"
#include "results/repair.h"
#include "results/verify.h"
#include "tests/harness/tiny_study.h"

namespace isoloss {
namespace {

using tiny_study::Place;

constexpr const char* kBudgets = "[1280, 5120]";  // 20 and 80 steps of 64 tokens

TEST(StudyLoop, FinishesAndStoresEveryTrial) {
  const Place place;
  const auto study = tiny_study::write_study(place, kBudgets, "[0.05]");
  ASSERT_EQ(tiny_study::run(study, place.root / "out"), kExitDone);
  const StudyFolder folder{place.root / "out"};
  ASSERT_EQ(run_ids(folder).size(), 2U);
  for (const std::string& id : run_ids(folder)) {
    const auto record = load_run(folder, id);
    ASSERT_TRUE(record);
    EXPECT_EQ(record->state, RunState::Finished);
    EXPECT_EQ(record->steps.size(), 80U);
    ASSERT_EQ(record->evaluations.size(), 2U);
    EXPECT_EQ(record->evaluations[0].step, 20);
    EXPECT_EQ(record->evaluations[1].step, 80);
    EXPECT_LT(record->evaluations[1].loss, record->evaluations[0].loss);
    EXPECT_EQ(record->header.study, "tiny");
    EXPECT_FALSE(record->header.machine.empty());
    EXPECT_FALSE(std::filesystem::exists(folder.claim(id)));
    EXPECT_FALSE(std::filesystem::exists(folder.journal(id)));
  }
}

// Of another version of isoloss, say: nothing is trained from it, and the run is not given up.
TEST(StudyLoop, ACheckpointWhoseTensorsDoNotFitIsBadInput) {
  const Place place;
  const auto out = place.root / "out";
  ASSERT_EQ(tiny_study::run(tiny_study::write_study(place, "[1280]", "[0.05]"), out), kExitDone);
  const StudyFolder folder{out};
  const ParameterTable other{{{.name = "embedding", .shape = {2, 4}}}, 8};
  for (const std::string& id : run_ids(folder)) {
    CheckpointWriter writer(checkpoint_path(folder.run(id), 20), {id, 20, 0, 4}, {other, other});
    const std::vector<float> values(8);
    for (int i = 0; i < 2; ++i) writer.add(std::as_bytes(std::span(values)));
    writer.commit();
  }
  EXPECT_EQ(tiny_study::run(tiny_study::write_study(place, kBudgets, "[0.05]"), out),
            kExitBadInput);
  for (const std::string& id : run_ids(folder)) EXPECT_TRUE(read_attempts(folder, id).empty());
}

TEST(StudyLoop, TwoProcessesGiveTheSameBitsAsOne) {
  const Place place;
  const auto study = tiny_study::write_study(place, kBudgets, "[0.05, 0.03]");
  ASSERT_EQ(tiny_study::run(study, place.root / "one"), kExitDone);
  const std::string both = (place.root / "two").string();
  const pid_t first = tiny_study::start({study.string(), both});
  const pid_t second = tiny_study::start({study.string(), both});
  EXPECT_EQ(tiny_study::wait(first), kExitDone);
  EXPECT_EQ(tiny_study::wait(second), kExitDone);
  const auto one = tiny_study::losses(place.root / "one");
  EXPECT_EQ(one.size(), 4U);
  EXPECT_EQ(one, tiny_study::losses(place.root / "two"));
}

TEST(StudyLoop, ASearchPrunesTheLosingArms) {
  const Place place;
  const auto study = tiny_study::write_study(
      place, kBudgets, "{search: [0.01, 0.017, 0.03], decide_at: {tokens: 1280, size: a}}");
  ASSERT_EQ(tiny_study::run(study, place.root / "out"), kExitDone);
  const StudyFolder folder{place.root / "out"};
  const auto decisions = read_decisions(folder);
  ASSERT_EQ(decisions.size(), 1U);
  ASSERT_EQ(decisions[0].arms.size(), 3U);
  std::size_t stopped = 0;
  for (const DecisionArm& arm : decisions[0].arms) {
    const auto record = load_run(folder, arm.run);
    ASSERT_TRUE(record);
    if (record->steps.size() == 20U) ++stopped;
    if (arm.run == decisions[0].winner) {
      EXPECT_EQ(record->steps.size(), 80U);
    }
  }
  EXPECT_GE(stopped, 1U);
}

// 10,000 steps: what is stopped a moment after its beginning has not ended yet.
constexpr const char* kLongBudget = "[640000]";

TEST(StudyLoop, KilledAndRunAgainEndsAsUndisturbed) {
  const Place place;
  const auto study = tiny_study::write_study(place, kLongBudget, "[0.05]");
  ASSERT_EQ(tiny_study::run(study, place.root / "whole"), kExitDone);
  const auto folder = place.root / "killed";
  const pid_t child = tiny_study::start({study.string(), folder.string()});
  ASSERT_TRUE(tiny_study::wait_for_training(folder, child));
  ::usleep(200'000);
  ::kill(child, SIGKILL);
  ASSERT_EQ(tiny_study::wait(child), -SIGKILL);
  EXPECT_EQ(tiny_study::run(study, folder), kExitDone);
  EXPECT_EQ(tiny_study::losses(folder), tiny_study::losses(place.root / "whole"));
}

TEST(StudyLoop, StoppedBySignalSavesAndGoesOnAsUndisturbed) {
  const Place place;
  const auto study = tiny_study::write_study(place, kLongBudget, "[0.05]");
  ASSERT_EQ(tiny_study::run(study, place.root / "whole"), kExitDone);
  const auto folder = place.root / "stopped";
  const pid_t child = tiny_study::start({study.string(), folder.string()});
  ASSERT_TRUE(tiny_study::wait_for_training(folder, child));
  ::usleep(200'000);
  ::kill(child, SIGTERM);
  ASSERT_EQ(tiny_study::wait(child), kExitStopped);
  bool saved = false;
  for (const auto& entry : std::filesystem::recursive_directory_iterator(folder)) {
    saved = saved || entry.path().filename().string().starts_with("checkpoint-");
    EXPECT_NE(entry.path().filename(), "claim");
  }
  EXPECT_TRUE(saved);
  EXPECT_EQ(tiny_study::run(study, folder), kExitDone);
  EXPECT_EQ(tiny_study::losses(folder), tiny_study::losses(place.root / "whole"));
}

// A rate of 1e30 overflows within the first steps; the other rate's trials finish.
TEST(StudyLoop, ADivergedRunCostsNoOtherTrial) {
  const Place place;
  const auto study = tiny_study::write_study(place, kBudgets, "[0.05, 1e30]");
  EXPECT_EQ(tiny_study::run(study, place.root / "out"), kExitFailed);
  const StudyFolder folder{place.root / "out"};
  std::size_t diverged = 0, finished = 0;
  for (const std::string& id : run_ids(folder)) {
    const auto record = load_run(folder, id);
    ASSERT_TRUE(record);
    if (record->state == RunState::Diverged) {
      ++diverged;
      EXPECT_NE(record->reason.find("not finite at step"), std::string::npos) << record->reason;
    } else {
      ++finished;
      EXPECT_EQ(record->evaluations.size(), 2U);
    }
  }
  EXPECT_EQ(diverged, 2U);
  EXPECT_EQ(finished, 2U);
}

TEST(StudyLoop, RunningAFinishedStudyChangesNothing) {
  const Place place;
  const auto study = tiny_study::write_study(place, "[1280]", "[0.05]");
  const auto out = place.root / "out";
  ASSERT_EQ(tiny_study::run(study, out), kExitDone);
  const StudyFolder folder{out};
  const auto file = folder.run_file(run_ids(folder)[0]);
  const auto written = std::filesystem::last_write_time(file);
  ASSERT_EQ(tiny_study::run(study, out), kExitDone);
  EXPECT_EQ(std::filesystem::last_write_time(file), written);
}

// A larger budget goes on from the checkpoint, a budget in between trains again from the start;
// both end with the numbers of a study that asked for all at once.
TEST(StudyLoop, AddedBudgetsEndAsIfAskedForAtOnce) {
  const Place place;
  const auto out = place.root / "out";
  ASSERT_EQ(tiny_study::run(tiny_study::write_study(place, "[1280]", "[0.05]"), out), kExitDone);
  ASSERT_EQ(tiny_study::run(tiny_study::write_study(place, "[1280, 5120]", "[0.05]"), out),
            kExitDone);
  const auto all = tiny_study::write_study(place, "[1280, 2560, 5120]", "[0.05]");
  ASSERT_EQ(tiny_study::run(all, out), kExitDone);
  ASSERT_EQ(tiny_study::run(all, place.root / "once"), kExitDone);
  EXPECT_EQ(tiny_study::losses(out), tiny_study::losses(place.root / "once"));
}

constexpr const char* kWsd = "wsd, cooldown: sqrt, decay_share: 0.25";

// The runs of a folder that answer a budget, with the losses of all their steps.
std::map<std::string, std::vector<double>> answers(const std::filesystem::path& root) {
  auto losses = tiny_study::losses(root);
  const StudyFolder folder{root};
  std::erase_if(losses, [&](const auto& run) {
    return load_run(folder, run.first).value_or(RunRecord{}).evaluations.empty();
  });
  return losses;
}

// What branches rest on: each ends with the bits of a run that trained all its steps itself, which
// is what branches do whose trunk was given up.
TEST(StudyLoop, ABranchEndsAsTheTrialTrainedAlone) {
  const Place place;
  const auto file = tiny_study::write_study(place, kBudgets, "[0.05]", "tiny", kWsd);
  ASSERT_EQ(tiny_study::run(file, place.root / "branches"), kExitDone);
  const StudyFolder alone{place.root / "alone"};
  const Study study = read_study(file);
  prepare_study_folder(alone, study);
  for (const PlannedRun& run : make_plan(study).runs) {
    if (run.branch) continue;
    record_attempt(alone, run.id, "given up for the test");
    record_attempt(alone, run.id, "given up for the test");
  }
  ASSERT_EQ(tiny_study::run(file, alone.root), kExitDone);
  const auto together = answers(place.root / "branches");
  ASSERT_EQ(together.size(), 4U);
  EXPECT_EQ(together, tiny_study::losses(alone.root));
}

TEST(StudyLoop, BranchesShareTheirTrunksStepsAndLeaveNoKeptCheckpoint) {
  const Place place;
  const auto study = tiny_study::write_study(place, kBudgets, "[0.05]", "tiny", kWsd);
  const auto out = place.root / "out";
  ASSERT_EQ(tiny_study::run(study, out), kExitDone);
  const StudyFolder folder{out};
  EXPECT_EQ(run_ids(folder).size(), 6U);  // two sizes, each a trunk and two branches
  std::map<std::pair<std::string, double>, int> trained;  // seconds of step 15: measured once
  for (const std::string& id : run_ids(folder)) {
    const auto record = load_run(folder, id);
    ASSERT_TRUE(record);
    const bool trunk = record->evaluations.empty();
    if (trunk) {
      EXPECT_EQ(record->steps.size(), 60U);
    }
    EXPECT_EQ(record->state, trunk ? RunState::Trunk : RunState::Finished);
    ++trained[{record->header.size, record->steps.at(14).seconds}];
    EXPECT_FALSE(std::filesystem::exists(folder.journal(id)));
    EXPECT_TRUE(checkpoint_steps(folder.run(id), kKeptSuffix).empty());
  }
  EXPECT_EQ(trained.size(), 2U);
  EXPECT_TRUE(verify_study(folder).empty());
}

TEST(StudyLoop, KilledAmongBranchesEndsAsUndisturbed) {
  const Place place;
  const auto study = tiny_study::write_study(place, "[256000, 512000]", "[0.05]", "tiny", kWsd);
  ASSERT_EQ(tiny_study::run(study, place.root / "whole"), kExitDone);
  const auto folder = place.root / "killed";
  for (const int milliseconds : {150, 300}) {
    const pid_t child = tiny_study::start({study.string(), folder.string()});
    ASSERT_TRUE(tiny_study::wait_for_training(folder, child));
    ::usleep(1000 * milliseconds);
    ::kill(child, SIGKILL);
    tiny_study::wait(child);
  }
  EXPECT_EQ(tiny_study::run(study, folder), kExitDone);
  EXPECT_EQ(tiny_study::losses(folder), tiny_study::losses(place.root / "whole"));
}

TEST(StudyLoop, ATrunkWithItsFileButWithoutACheckpointIsTrainedAgainAndKeepsItsBranchPoints) {
  // As a kill leaves it that comes between the run file and the first checkpoint.
  const Place place;
  const auto study = tiny_study::write_study(place, "[1280, 2560]", "[0.05]", "tiny", kWsd);
  const auto whole = place.root / "whole", torn = place.root / "torn";
  ASSERT_EQ(tiny_study::run(study, whole), kExitDone);
  std::filesystem::copy(whole, torn, std::filesystem::copy_options::recursive);
  std::size_t trunks = 0;
  for (const std::string& id : run_ids(StudyFolder{torn})) {
    const auto folder = StudyFolder{torn}.run(id);
    const auto run = load_run(StudyFolder{torn}, id);
    if (!run || !run->evaluations.empty()) {
      std::filesystem::remove_all(folder);  // a branch
      continue;
    }
    ++trunks;
    std::vector<std::filesystem::path> checkpoints;
    for (const auto& entry : std::filesystem::directory_iterator(folder)) {
      if (entry.path().filename().string().starts_with("checkpoint-"))
        checkpoints.push_back(entry.path());
    }
    ASSERT_FALSE(checkpoints.empty());
    for (const auto& path : checkpoints) std::filesystem::remove(path);
  }
  ASSERT_GT(trunks, 0U);
  ASSERT_EQ(tiny_study::run(study, torn), kExitDone);
  EXPECT_EQ(tiny_study::losses(torn), tiny_study::losses(whole));
}

// As a kill leaves it that comes between the last run file and the last checkpoint, or between that
// and the end: it would say forever that it is in training, and in the first case its last weights
// would be gone.
TEST(StudyLoop, ARunKilledRightBeforeItsEndIsFinishedByTheNextStart) {
  const Place place;
  const auto study = tiny_study::write_study(place, kBudgets, "[0.05]");
  const auto whole = place.root / "whole", torn = place.root / "torn";
  ASSERT_EQ(tiny_study::run(study, whole), kExitDone);
  std::filesystem::copy(whole, torn, std::filesystem::copy_options::recursive);
  const StudyFolder folder{torn};
  for (const bool saved : {true, false}) {
    for (const std::string& id : run_ids(folder)) {
      RunRecord record = *load_run(folder, id);
      record.state = RunState::Running;
      store_run_file(folder.run_file(id), record);
      if (!saved) std::filesystem::remove(checkpoint_path(folder.run(id), 80));
    }
    ASSERT_EQ(tiny_study::run(study, torn), kExitDone);
    EXPECT_EQ(tiny_study::losses(torn), tiny_study::losses(whole));
    for (const std::string& id : run_ids(folder)) {
      EXPECT_EQ(load_run(folder, id)->state, RunState::Finished);
      EXPECT_EQ(checkpoint_steps(folder.run(id)), checkpoint_steps(StudyFolder{whole}.run(id)));
    }
  }
}

// Steps past the newest checkpoint, as a process leaves them that was killed.
void write_journal(const StudyFolder& folder, const std::string& id, const RunRecord& whole,
                   std::int64_t first, std::int64_t last) {
  JournalWriter journal(folder.journal(id), whole.header, 0);
  for (std::int64_t step = first; step <= last; ++step)
    journal.append(whole.steps.at(static_cast<std::size_t>(step - 1)));
  journal.flush();
}

// A bit of the frame, counted from the header's, is turned; returns where the frame begins.
std::size_t damage_frame(const std::filesystem::path& path, std::size_t frame) {
  std::string bytes = read_file(path);
  const auto frames = scan_frames(bytes, path).frames;
  const std::size_t at = frames.at(frame).begin + 14;
  bytes[at] = static_cast<char>(bytes[at] ^ 1);
  write_durably(path, bytes);
  return frames[frame].begin;
}

std::string logged(const StudyFolder& folder) {
  std::string text;
  for (const auto& path : files_in(folder.logs())) text += read_file(path);
  return text;
}

TEST(StudyLoop, DamageOfAJournalThatLosesNothingStopsNobody) {
  const Place place;
  const auto study = tiny_study::write_study(place, kBudgets, "[0.05]");
  const auto whole = place.root / "whole";
  ASSERT_EQ(tiny_study::run(study, whole), kExitDone);
  for (const std::size_t frame : {0U, 2U, 5U}) {  // the header, one in between, the last
    const StudyFolder folder{place.root / ("damaged-" + std::to_string(frame))};
    ASSERT_EQ(tiny_study::run(tiny_study::write_study(place, "[1280]", "[0.05]"), folder.root),
              kExitDone);
    const std::string id = run_ids(folder).at(0);
    write_journal(folder, id, *load_run({whole}, id), 21, 25);
    const std::size_t at = damage_frame(folder.journal(id), frame);
    ASSERT_EQ(tiny_study::run(tiny_study::write_study(place, kBudgets, "[0.05]"), folder.root),
              kExitDone);
    EXPECT_EQ(tiny_study::losses(folder.root), tiny_study::losses(whole));
    EXPECT_TRUE(std::filesystem::exists(folder.journal(id).string() + ".damaged"));
    EXPECT_THAT(logged(folder),
                testing::HasSubstr("cannot read " + folder.journal(id).string() +
                                   " (damaged at byte " + std::to_string(at) +
                                   "); it is set aside, and run " + id + " goes on from step 20"));
    EXPECT_TRUE(verify_study(folder).empty());
    for (const std::string& run : run_ids(folder)) EXPECT_TRUE(read_attempts(folder, run).empty());
  }
}

// The steps before its checkpoint were in the journal alone.
TEST(StudyLoop, DamageBeforeTheCheckpointEndsThatRunAloneUntilItIsMended) {
  const Place place;
  const auto study = tiny_study::write_study(place, kBudgets, "[0.05]");
  const StudyFolder whole{place.root / "whole"}, folder{place.root / "damaged"};
  ASSERT_EQ(tiny_study::run(study, whole.root), kExitDone);
  ASSERT_EQ(tiny_study::run(tiny_study::write_study(place, "[1280]", "[0.05]"), folder.root),
            kExitDone);
  const std::string id = run_ids(folder).at(0), other = run_ids(folder).at(1);
  std::filesystem::remove(folder.run_file(id));
  write_journal(folder, id, *load_run(whole, id), 1, 25);
  damage_frame(folder.journal(id), 7);
  tiny_study::write_study(place, kBudgets, "[0.05]");
  EXPECT_EQ(tiny_study::run(study, folder.root), kExitFailed);
  EXPECT_EQ(load_run(folder, other)->state, RunState::Finished);
  const auto attempts = read_attempts(folder, id);
  ASSERT_EQ(attempts.size(), 2U);
  EXPECT_THAT(attempts[0].reason, testing::HasSubstr(folder.journal(id).string()));
  repair_study(folder, false, std::chrono::milliseconds(200));
  forget_attempts(folder);
  EXPECT_EQ(tiny_study::run(study, folder.root), kExitDone);
  EXPECT_EQ(tiny_study::losses(folder.root), tiny_study::losses(whole.root));
}

TEST(StudyLoop, ADamagedRunFileEndsThatTrialAloneUntilItIsMended) {
  const Place place;
  const auto study = tiny_study::write_study(place, kBudgets, "[0.05]");
  const StudyFolder whole{place.root / "whole"}, folder{place.root / "damaged"};
  ASSERT_EQ(tiny_study::run(study, whole.root), kExitDone);
  ASSERT_EQ(tiny_study::run(tiny_study::write_study(place, "[1280]", "[0.05]"), folder.root),
            kExitDone);
  const std::string id = run_ids(folder).at(0), other = run_ids(folder).at(1);
  std::ofstream(folder.run_file(id), std::ios::trunc) << "foreign";
  tiny_study::write_study(place, kBudgets, "[0.05]");
  EXPECT_EQ(tiny_study::run(study, folder.root), kExitFailed);
  EXPECT_EQ(load_run(folder, other)->state, RunState::Finished);
  EXPECT_TRUE(read_attempts(folder, id).empty());
  const StudyPlan plan = make_plan(read_study(study));
  StudyReader reader(folder);
  for (const TrialState& state : trial_states(plan, reader.progress(plan), {})) {
    if (plan.runs[plan.trials[state.trial].run].id != id) continue;
    EXPECT_EQ(state.phase, TrialPhase::Quarantined);
    EXPECT_THAT(state.reason, testing::HasSubstr(folder.run_file(id).string()));
  }
  repair_study(folder, false, std::chrono::milliseconds(200));
  EXPECT_EQ(tiny_study::run(study, folder.root), kExitDone);
  EXPECT_EQ(tiny_study::losses(folder.root), tiny_study::losses(whole.root));
}

TEST(StudyLoop, BranchesAddedLaterEndAsIfAskedForAtOnce) {
  const Place place;
  const auto out = place.root / "out";
  const auto write = [&](const char* budgets) {
    return tiny_study::write_study(place, budgets, "[0.05]", "tiny", kWsd);
  };
  ASSERT_EQ(tiny_study::run(write("[5120]"), out), kExitDone);
  ASSERT_EQ(tiny_study::run(write("[1280, 5120, 7680]"), out), kExitDone);
  ASSERT_EQ(tiny_study::run(write("[1280, 5120, 7680]"), place.root / "once"), kExitDone);
  EXPECT_EQ(answers(out), answers(place.root / "once"));
}

TEST(StudyLoop, ASearchOfBranchesTrainsTheWinnersAtEveryBudget) {
  const Place place;
  const auto study = tiny_study::write_study(
      place, kBudgets, "{search: [0.01, 0.017, 0.03], decide_at: {tokens: 1280, size: a}}", "tiny",
      kWsd);
  const auto out = place.root / "out";
  ASSERT_EQ(tiny_study::run(study, out), kExitDone);
  const auto decisions = read_decisions(StudyFolder{out});
  ASSERT_EQ(decisions.size(), 1U);
  // Three arms of 20 steps, the winner's run of 80 and the runner-up's; two runs of the other size.
  EXPECT_EQ(answers(out).size(), 7U);
  EXPECT_TRUE(load_run(StudyFolder{out}, decisions[0].runner_up));
}

TEST(StudyLoop, AFolderOfAnotherStudyIsRefused) {
  const Place place;
  const auto first = tiny_study::write_study(place, "[1280]", "[0.05]", "first");
  ASSERT_EQ(tiny_study::run(first, place.root / "out"), kExitDone);
  const Study other = read_study(tiny_study::write_study(place, "[1280]", "[0.05]", "other"));
  EXPECT_THROW(prepare_study_folder({place.root / "out"}, other), InputError);
}

// verify names it and says to run the study into the folder again.
TEST(StudyLoop, AStudyFileThatCannotBeReadIsStoredAnew) {
  const Place place;
  const auto study = tiny_study::write_study(place, kBudgets, "[0.05]");
  const StudyFolder folder{place.root / "out"};
  ASSERT_EQ(tiny_study::run(study, folder.root), kExitDone);
  const std::string stored = read_file(folder.study_file());
  write_durably(folder.study_file(), "study: [");
  EXPECT_EQ(tiny_study::run(study, folder.root), kExitDone);
  EXPECT_EQ(read_file(folder.study_file()), stored);
}

// Under its name a second folder would come to be, whose runs belong to no study.
TEST(StudyLoop, AFolderThatIsMovedWhileItTrainsEndsTheStudy) {
  const Place place;
  const auto study = tiny_study::write_study(place, "[400000]", "[0.05]");
  const auto folder = place.root / "there", elsewhere = place.root / "elsewhere";
  const pid_t child = tiny_study::start({study.string(), folder.string()});
  ASSERT_TRUE(tiny_study::wait_for_training(folder, child));
  const auto trains = [&] {
    const auto ids = run_ids({folder});
    return !ids.empty() && std::filesystem::exists(StudyFolder{folder}.journal(ids[0]));
  };
  for (int tries = 0; tries < 3000 && !trains(); ++tries) ::usleep(10'000);
  std::filesystem::rename(folder, elsewhere);
  EXPECT_EQ(tiny_study::wait(child), kExitFailed);
  EXPECT_FALSE(std::filesystem::exists(StudyFolder{folder}.study_file()));
  EXPECT_EQ(tiny_study::run(study, elsewhere), kExitDone);
}

TEST(StudySetup, OnlyKeepsTheTrialsThatMatch) {
  const Place place;
  const Study study = read_study(tiny_study::write_study(place, kBudgets, "[0.05]"));
  const StudyPlan plan = make_plan(study);
  ASSERT_EQ(plan.trials.size(), 4U);
  EXPECT_EQ(restrict_plan(plan, "").trials.size(), 4U);
  const StudyPlan restricted = restrict_plan(plan, "b");
  ASSERT_EQ(restricted.trials.size(), 2U);
  for (const PlannedTrial& trial : restricted.trials) EXPECT_EQ(trial.size, "b");
  EXPECT_THROW(restrict_plan(plan, "nothing*"), InputError);
}

TEST(StudySetup, ForgottenAttemptsEndAQuarantine) {
  const Place place;
  const Study study = read_study(tiny_study::write_study(place, kBudgets, "[0.05]"));
  const StudyPlan plan = make_plan(study);
  const StudyFolder folder{place.root / "out"};
  prepare_study_folder(folder, study);
  record_attempt(folder, plan.runs[0].id, "once");
  record_attempt(folder, plan.runs[0].id, "twice");
  StudyReader reader(folder);
  EXPECT_EQ(ready_work(plan, reader.progress(plan), {}).size(), 1U);
  forget_attempts(folder);
  EXPECT_EQ(ready_work(plan, reader.progress(plan), {}).size(), 2U);
}

}  // namespace
}  // namespace isoloss
