#include "harness/study/supervisor.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <algorithm>
#include <cstring>
#include <fstream>
#include <functional>
#include <iterator>
#include <set>
#include <sstream>

#include "harness/progress/rank_report.h"
#include "harness/progress/run_progress.h"
#include "harness/study/child_processes.h"
#include "harness/study/claim.h"
#include "harness/study/study_outcome.h"
#include "harness/study/study_setup.h"
#include "harness/study/supervised.h"
#include "results/durable_file.h"
#include "results/folder_entries.h"
#include "results/helper_claims.h"
#include "tests/harness/tiny_study.h"

namespace isoloss {
namespace {

using tiny_study::Place;

pid_t start_supervisor(const std::filesystem::path& study, const std::filesystem::path& folder) {
  return tiny_study::start({study.string(), folder.string(), "2"});
}

// So many processes that train runs of the folder now; fewer where that takes two minutes.
std::set<pid_t> training_processes(const std::filesystem::path& folder, std::size_t wanted) {
  std::set<pid_t> found;
  for (int hundredth = 0; hundredth < 12'000 && found.size() < wanted; ++hundredth) {
    for (const std::string& id : run_ids({folder})) {
      if (const auto claim = read_claim(StudyFolder{folder}.claim(id)))
        found.insert(static_cast<pid_t>(claim->process.pid));
    }
    ::usleep(10'000);
  }
  return found;
}

// Until so many ranks have begun a run, past the claim: from then on a request to stop saves. False
// after two minutes.
bool wait_for_begun(const std::filesystem::path& folder, std::ptrdiff_t wanted) {
  for (int hundredth = 0; hundredth < 12'000; ++hundredth) {
    const auto reports = read_rank_reports({folder});
    if (std::ranges::count_if(reports, [](const RankReport& r) { return !r.run.empty(); }) >=
        wanted)
      return true;
    ::usleep(10'000);
  }
  return false;
}

// Until nobody trains in the folder, at most two minutes.
void wait_for_no_claims(const std::filesystem::path& folder) {
  const auto claimed = [&](const std::string& id) {
    return std::filesystem::exists(StudyFolder{folder}.claim(id));
  };
  for (int hundredth = 0; hundredth < 12'000 && std::ranges::any_of(run_ids({folder}), claimed);
       ++hundredth)
    ::usleep(10'000);
}

pid_t a_training_process(const std::filesystem::path& folder) {
  const auto found = training_processes(folder, 1);
  return found.empty() ? 0 : *found.begin();
}

// Saved, no claim held, nothing counted as a failure; and the study ends as if nothing had been.
void expect_stopped_well(const Place& place, const std::filesystem::path& study,
                         const std::filesystem::path& folder) {
  const auto whole = place.root / "whole";
  for (const std::string& id : run_ids({folder})) {
    EXPECT_FALSE(std::filesystem::exists(StudyFolder{folder}.claim(id)));
    EXPECT_TRUE(read_attempts({folder}, id).empty());
  }
  EXPECT_EQ(tiny_study::run(study, folder), kExitDone);
  ASSERT_EQ(tiny_study::run(study, whole), kExitDone);
  EXPECT_EQ(tiny_study::losses(folder), tiny_study::losses(whole));
}

TEST(Supervisor, TwoRanksGiveTheBitsOfOneProcess) {
  const Place place;
  const auto study = tiny_study::write_study(place, "[1280, 5120]", "[0.05, 0.03]");
  ASSERT_EQ(tiny_study::run(study, place.root / "one"), kExitDone);
  EXPECT_EQ(tiny_study::wait(start_supervisor(study, place.root / "two")), kExitDone);
  EXPECT_EQ(tiny_study::losses(place.root / "one"), tiny_study::losses(place.root / "two"));
}

TEST(Supervisor, ADeadRankIsRecordedAndTheStudyStillEnds) {
  const Place place;
  const auto study = tiny_study::write_study(place, "[640000]", "[0.05]");
  ASSERT_EQ(tiny_study::run(study, place.root / "whole"), kExitDone);
  const auto folder = place.root / "supervised";
  const pid_t supervisor = start_supervisor(study, folder);
  const pid_t rank = a_training_process(folder);
  ASSERT_GT(rank, 0);
  ::kill(rank, SIGKILL);
  EXPECT_EQ(tiny_study::wait(supervisor), kExitDone);
  EXPECT_EQ(tiny_study::losses(folder), tiny_study::losses(place.root / "whole"));
  std::size_t attempts = 0;
  for (const std::string& id : run_ids({folder})) attempts += read_attempts({folder}, id).size();
  EXPECT_GE(attempts, 1U);
}

class StopSignal : public testing::TestWithParam<int> {};

TEST_P(StopSignal, ToTheSupervisorStopsTheRanksWithTheirStateSaved) {
  const Place place;
  const auto study = tiny_study::write_study(place, "[640000]", "[0.05]");
  const auto folder = place.root / "supervised";
  const pid_t supervisor = start_supervisor(study, folder);
  ASSERT_EQ(training_processes(folder, 2).size(), 2U);
  ::kill(supervisor, GetParam());
  EXPECT_EQ(tiny_study::wait(supervisor), kExitStopped);
  expect_stopped_well(place, study, folder);
}

INSTANTIATE_TEST_SUITE_P(Supervisor, StopSignal, testing::Values(SIGTERM, SIGUSR1, SIGUSR2),
                         [](const auto& signal) { return ::sigabbrev_np(signal.param); });

// Ctrl-C held down: a supervisor that left before it had told its ranks left them training.
TEST(Supervisor, TwoInterruptsAtOnceStopTheRanksToo) {
  const Place place;
  const auto study = tiny_study::write_study(place, "[640000]", "[0.05]");
  const auto folder = place.root / "supervised";
  const pid_t supervisor = start_supervisor(study, folder);
  ASSERT_TRUE(wait_for_begun(folder, 2));
  ::kill(supervisor, SIGINT);
  ::usleep(5'000);
  ::kill(supervisor, SIGINT);
  const int status = tiny_study::wait(supervisor);
  // The second ends it where it tells the ranks between the two.
  EXPECT_THAT(status, testing::AnyOf(kExitStopped, -SIGINT));
  wait_for_no_claims(folder);
  for (const std::string& id : run_ids({folder}))
    EXPECT_TRUE(read_run({folder}, id).value().evaluations.empty()) << "it was trained to its end";
  expect_stopped_well(place, study, folder);
}

TEST(Supervisor, ASignalToEveryRankStopsItToo) {
  // As srun and Slurm send it.
  const Place place;
  const auto study = tiny_study::write_study(place, "[640000]", "[0.05]");
  const auto folder = place.root / "supervised";
  const pid_t supervisor = start_supervisor(study, folder);
  const auto ranks = training_processes(folder, 2);
  ASSERT_EQ(ranks.size(), 2U);
  for (const pid_t rank : ranks) ::kill(rank, SIGTERM);
  EXPECT_EQ(tiny_study::wait(supervisor), kExitStopped);
  expect_stopped_well(place, study, folder);
}

pid_t parent_of(pid_t process) {
  std::ifstream file("/proc/" + std::to_string(process) + "/stat");
  std::string stat{std::istreambuf_iterator<char>(file), std::istreambuf_iterator<char>()};
  std::istringstream fields(stat.substr(stat.rfind(')') + 2));
  std::string state;
  pid_t parent = 0;
  fields >> state >> parent;
  return parent;
}

TEST(Supervisor, ASignalToEveryProcessOfTheJobLeavesTheRanksTimeToSave) {
  // As Slurm ends a job: mpirun, which would kill its ranks, gets it too.
  const Place place;
  const auto study = tiny_study::write_study(place, "[640000]", "[0.05]");
  const auto folder = place.root / "supervised";
  const pid_t supervisor = start_supervisor(study, folder);
  const auto ranks = training_processes(folder, 2);
  ASSERT_EQ(ranks.size(), 2U);
  const pid_t launcher = parent_of(*ranks.begin());
  ASSERT_EQ(parent_of(launcher), supervisor);
  ASSERT_TRUE(wait_for_begun(folder, 2));
  for (const pid_t process : {launcher, *ranks.begin(), *ranks.rbegin(), supervisor})
    ::kill(process, SIGTERM);
  EXPECT_EQ(tiny_study::wait(supervisor), kExitStopped);
  std::size_t saved = 0;
  for (const std::string& id : run_ids({folder}))
    saved += checkpoint_steps(StudyFolder{folder}.run(id)).size();
  EXPECT_GE(saved, 2U);
  expect_stopped_well(place, study, folder);
}

pid_t start_mpirun(const std::filesystem::path& study, const std::filesystem::path& folder) {
  return tiny_study::start_mpirun(2, {study.string(), folder.string()});
}

TEST(Supervisor, ASignalToEveryRankStopsAJobWithoutASupervisor) {
  const Place place;
  const auto study = tiny_study::write_study(place, "[640000]", "[0.05]");
  const auto folder = place.root / "plain";
  const pid_t job = start_mpirun(study, folder);
  ASSERT_GT(job, 0);
  const auto ranks = training_processes(folder, 2);
  ASSERT_EQ(ranks.size(), 2U);
  for (const pid_t rank : ranks) ::kill(rank, SIGTERM);
  EXPECT_EQ(tiny_study::wait(job), kExitStopped);
  expect_stopped_well(place, study, folder);
}

// Seconds of training, because ranks look for the file once a second.
TEST(Supervisor, AStopFileStopsEverybodyUntilItIsRemoved) {
  const Place place;
  const auto study = tiny_study::write_study(place, "[640000]", "[0.05]");
  const auto folder = place.root / "out";
  const pid_t supervisor = start_supervisor(study, folder);
  ASSERT_EQ(training_processes(folder, 2).size(), 2U);
  std::ofstream(StudyFolder{folder}.stop_file());
  EXPECT_EQ(tiny_study::wait(supervisor), kExitStopped);
  const auto stopped = tiny_study::losses(folder);
  EXPECT_EQ(tiny_study::wait(start_supervisor(study, folder)), kExitStopped);
  EXPECT_EQ(tiny_study::run(study, folder), kExitStopped);
  EXPECT_EQ(tiny_study::losses(folder), stopped) << "somebody trained";
  std::filesystem::remove(StudyFolder{folder}.stop_file());
  expect_stopped_well(place, study, folder);
}

// A job killed with its supervisor may have been preempted: another that shares the folder trains
// on and counts no failure.
TEST(Supervisor, TheDeathOfAnothersRankIsNoFailure) {
  const Place place;
  const auto study = tiny_study::write_study(place, "[640000]", "[0.05]");
  const auto folder = place.root / "shared";
  const pid_t first = start_supervisor(study, folder);
  const auto ranks = training_processes(folder, 2);
  ASSERT_EQ(ranks.size(), 2U);
  const pid_t second = start_supervisor(study, folder);
  ::kill(first, SIGKILL);
  for (const pid_t rank : ranks) ::kill(rank, SIGKILL);
  EXPECT_EQ(tiny_study::wait(first), -SIGKILL);
  EXPECT_EQ(tiny_study::wait(second), kExitDone);
  expect_stopped_well(place, study, folder);
}

// Two runs of forty thousand steps, each by both ranks: a signal must not meet the end of one.
std::filesystem::path write_shared_study(const Place& place) {
  const auto study = tiny_study::write_study(place, "[2560000]", "[0.05]");
  std::string text = read_file(study);
  text.replace(text.find("threads: 1"), 10, "threads: 1, data_parallel: 2, checkpoint_every: 0.1s");
  write_durably(study, text);
  return study;
}

// A rank that trains a run with the holder of its claim, once the run is in training. Of the run
// `wanted`, or of any where that is empty; no process where that takes a minute.
struct Helper {
  std::string run;
  pid_t process = 0;
};
Helper training_helper(const std::filesystem::path& folder, const std::string& wanted = "",
                       pid_t but = 0) {
  for (int hundredth = 0; hundredth < 6000; ++hundredth, ::usleep(10'000))
    for (const std::string& id : run_ids({folder})) {
      if (!wanted.empty() && id != wanted) continue;
      const auto claim = read_claim(helper_claim({folder}, id, 1));
      if (claim && claim->process.pid != but &&
          !checkpoint_steps(StudyFolder{folder}.run(id)).empty())
        return {id, static_cast<pid_t>(claim->process.pid)};
    }
  return {};
}

std::size_t finished_runs(const std::filesystem::path& folder) {
  std::size_t finished = 0;
  for (const std::string& id : run_ids({folder})) {
    const auto record = read_run({folder}, id);
    finished += record && record->state == RunState::Finished ? 1U : 0U;
  }
  return finished;
}

// Kills the helper of one run with `signal`, twice; `start` starts the command where it has ended.
std::string kill_a_helper_twice(const std::filesystem::path& folder, int signal,
                                const std::function<void()>& start) {
  start();
  const Helper first = training_helper(folder);
  EXPECT_GT(first.process, 0);
  if (first.process > 0) ::kill(first.process, signal);
  start();
  const Helper second = training_helper(folder, first.run, first.process);
  EXPECT_GT(second.process, 0);
  if (second.process > 0) ::kill(second.process, signal);
  start();
  return first.run;
}

// The rank that leads the run is told to go when the other dies, and is no evidence.
TEST(Supervisor, AWideRunWhoseHelperDiesTwiceIsGivenUpAndTheOthersFinish) {
  const Place place;
  const auto study = write_shared_study(place);
  const auto folder = place.root / "supervised";
  pid_t supervisor = 0;
  const std::string broken = kill_a_helper_twice(folder, SIGKILL, [&] {
    if (supervisor == 0) supervisor = start_supervisor(study, folder);
  });
  EXPECT_EQ(tiny_study::wait(supervisor), kExitFailed);
  const auto attempts = read_attempts({folder}, broken);
  ASSERT_EQ(attempts.size(), 2U);
  EXPECT_THAT(attempts[0].reason, testing::HasSubstr("(rank 1) died while training"));
  EXPECT_EQ(finished_runs(folder), 1U);
  EXPECT_THAT(helper_claims({folder}, broken), testing::IsEmpty());
}

// A rank that is suspended keeps the one that leads its run waiting inside a step for good.
TEST(Supervisor, ARunThatHangsTwiceIsGivenUpAndTheOthersFinish) {
  const Place place;
  const auto study = write_shared_study(place);
  const auto folder = place.root / "supervised";
  pid_t supervisor = 0;
  const std::string hung = kill_a_helper_twice(folder, SIGSTOP, [&] {
    if (supervisor == 0)
      supervisor = tiny_study::start({study.string(), folder.string(), "2", "4"});
  });
  EXPECT_EQ(tiny_study::wait(supervisor), kExitFailed);
  const auto attempts = read_attempts({folder}, hung);
  ASSERT_EQ(attempts.size(), 2U);
  for (const FailedAttempt& attempt : attempts)
    EXPECT_THAT(attempt.reason, testing::HasSubstr("made no progress for"));
  EXPECT_EQ(finished_runs(folder), 1U);
}

// Without a supervisor a process that was killed may have been preempted, but a crash says so.
TEST(Supervisor, UnderPlainMpirunACrashCountsAndTheSameCommandGoesOn) {
  const Place place;
  const auto study = write_shared_study(place);
  const auto folder = place.root / "plain";
  pid_t job = 0;
  const std::string broken = kill_a_helper_twice(folder, SIGSEGV, [&] {
    if (job != 0) {
      EXPECT_NE(tiny_study::wait(job), kExitDone);
    }
    job = start_mpirun(study, folder);
  });
  EXPECT_NE(tiny_study::wait(job), kExitDone);
  const auto attempts = read_attempts({folder}, broken);
  ASSERT_EQ(attempts.size(), 2U);
  EXPECT_THAT(attempts[1].reason, testing::HasSubstr("(rank 1) died while training (SIGSEGV)"));
  EXPECT_EQ(finished_runs(folder), 1U);
}

TEST(Supervisor, UnderPlainMpirunTheSameCommandGoesOnAfterKills) {
  const Place place;
  const auto study = write_shared_study(place);
  const auto folder = place.root / "plain";
  pid_t job = 0;
  kill_a_helper_twice(folder, SIGKILL, [&] {
    if (job != 0) {
      EXPECT_NE(tiny_study::wait(job), kExitDone);
    }
    job = start_mpirun(study, folder);
  });
  EXPECT_EQ(tiny_study::wait(job), kExitDone);
  for (const std::string& id : run_ids({folder})) EXPECT_TRUE(read_attempts({folder}, id).empty());
  EXPECT_EQ(tiny_study::wait(start_supervisor(study, place.root / "whole")), kExitDone);
  EXPECT_EQ(tiny_study::losses(folder), tiny_study::losses(place.root / "whole"));
}

TEST(Supervisor, BadDataEndsItAtOnce) {
  const Place place;
  const auto folder = place.root / "out";
  ASSERT_EQ(tiny_study::run(tiny_study::write_study(place, "[1280]", "[0.05]"), folder), kExitDone);
  for (const auto& path : files_in(StudyFolder{folder}.data()))
    std::ofstream(path, std::ios::trunc) << "foreign";
  const auto more = tiny_study::write_study(place, "[2560]", "[0.05]");
  EXPECT_EQ(tiny_study::wait(start_supervisor(more, folder)), kExitBadInput);
}

TEST(Supervisor, RunsWhoseFilesAreDamagedDoNotKeepItFromEnding) {
  const Place place;
  const auto study = tiny_study::write_study(place, "[1280]", "[0.05]");
  const auto folder = place.root / "out";
  ASSERT_EQ(tiny_study::run(study, folder), kExitDone);
  for (const std::string& id : run_ids({folder}))
    std::ofstream(StudyFolder{folder}.run_file(id), std::ios::trunc) << "foreign";
  EXPECT_EQ(tiny_study::wait(start_supervisor(study, folder)), kExitFailed);
}

}  // namespace
}  // namespace isoloss
