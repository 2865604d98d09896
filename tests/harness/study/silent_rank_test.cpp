// Ranks that are suspended where no run's own watch sees it: while they wait for work, lead a run
// or choose the next one. The ranks that wait for them end the job.
#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <signal.h>
#include <unistd.h>

#include <filesystem>
#include <functional>
#include <map>
#include <ostream>
#include <ranges>
#include <regex>
#include <string>

#include "harness/progress/rank_report.h"
#include "harness/study/study_outcome.h"
#include "results/claim_file.h"
#include "results/durable_file.h"
#include "results/folder_entries.h"
#include "results/rank_claims.h"
#include "tests/harness/tiny_study.h"

namespace isoloss {
namespace {

using testing::HasSubstr;
using testing::IsEmpty;
using testing::Not;
using tiny_study::Place;

constexpr const char* kSilence = "4";  // seconds without a sign of life

// What the ranks of the folder's jobs have said.
std::string logs(const std::filesystem::path& folder) {
  std::string text;
  for (const auto& path : files_in(StudyFolder{folder}.logs())) text += read_file(path);
  return text;
}

// The ranks that have begun, by process: of every job of the folder.
std::map<pid_t, int> ranks(const std::filesystem::path& folder) {
  std::map<pid_t, int> found;
  const std::string text = logs(folder);
  const std::regex begun("rank ([0-9]+) of [0-9]+, process ([0-9]+), begins");
  for (std::sregex_iterator each(text.begin(), text.end(), begun), end; each != end; ++each)
    found[std::stoi((*each)[2])] = std::stoi((*each)[1]);
  return found;
}

// Until `found` says a process; none after a minute.
pid_t first(const std::function<pid_t()>& found) {
  for (int tries = 0; tries < 60'000; ++tries, ::usleep(1'000))
    if (const pid_t process = found()) return process;
  return 0;
}

// The process that holds the claim on a run.
pid_t holder(const std::filesystem::path& folder) {
  for (const std::string& id : run_ids({folder}))
    if (const auto claim = read_claim(StudyFolder{folder}.claim(id)))
      return static_cast<pid_t>(claim->process.pid);
  return 0;
}

// The first rank of a job in training past step `least`, or, where that is negative, between runs.
pid_t leader(const std::filesystem::path& folder, std::int64_t least) {
  for (const RankReport& report : read_rank_reports({folder})) {
    const bool there =
        least < 0 ? report.run.empty() && !tiny_study::losses(folder).empty() : report.step > least;
    if (!there || report.rank != 0) continue;
    for (const auto& [process, rank] : ranks(folder))
      if (rank == 0) return process;
  }
  return 0;
}

// As many runs: between two of them a rank is caught.
std::string twenty_rates() {
  std::string rates;
  for (int i = 1; i <= 20; ++i) rates += (i > 1 ? ", " : "[") + std::to_string(0.002 * i);
  return rates + "]";
}

// A study that `width` ranks share, a run for each rate.
std::filesystem::path write_study(const Place& place, const std::string& budgets,
                                  const std::string& rates, int width) {
  const auto study = tiny_study::write_study(place, budgets, rates);
  std::string text = read_file(study);
  const std::string sizes = ", {name: b, d_model: 16}";
  text.erase(text.find(sizes), sizes.size());
  text.replace(text.find("threads: 1"), 10,
               "threads: 1, data_parallel: " + std::to_string(width) + ", checkpoint_every: 1s");
  write_durably(study, text);
  return study;
}

class SilentRank : public testing::Test {
 protected:
  void write(const std::string& budgets, const std::string& rates, int width) {
    study = write_study(place, budgets, rates, width);
  }
  void start(int count) {
    job =
        tiny_study::start({study.string(), folder.string(), std::to_string(count), "60", kSilence});
  }
  // The exit status of the job; where it does not come within three minutes all of it is killed.
  int end() {
    int status = 0;
    for (int tries = 0; tries < 18'000; ++tries, ::usleep(10'000))
      if (::waitpid(job, &status, WNOHANG) == job)
        return WIFEXITED(status) ? WEXITSTATUS(status) : -WTERMSIG(status);
    ADD_FAILURE() << "the job hangs; its ranks said\n" << logs(folder);
    ::kill(job, SIGKILL);  // first, or it starts others
    for (const auto& [process, rank] : ranks(folder)) ::kill(process, SIGKILL);
    return tiny_study::wait(job);
  }
  void expect_ended_well(pid_t suspended) {
    EXPECT_THAT(logs(folder), HasSubstr("rank " + std::to_string(ranks(folder).at(suspended)) +
                                        " (process " + std::to_string(suspended) + " on "));
    EXPECT_THAT(logs(folder), HasSubstr("gives no sign of life"));
    for (const std::string& id : run_ids({folder}))
      EXPECT_THAT(read_attempts({folder}, id), IsEmpty());
    EXPECT_THAT(rank_claims({folder}), IsEmpty());
  }
  // As the same ranks train it undisturbed.
  void expect_same_numbers(int count) {
    const auto whole = place.root / "whole";
    ASSERT_EQ(tiny_study::wait(
                  tiny_study::start({study.string(), whole.string(), std::to_string(count)})),
              kExitDone);
    EXPECT_EQ(tiny_study::losses(folder), tiny_study::losses(whole));
  }

  // One of the job's `count` ranks, for good: what it leads to is the study as if nothing were.
  void suspend(pid_t suspended, int count) {
    ASSERT_GT(suspended, 0);
    ::kill(suspended, SIGSTOP);
    EXPECT_EQ(end(), kExitDone);
    expect_ended_well(suspended);
    expect_same_numbers(count);
  }

  const Place place;
  const std::filesystem::path folder = place.root / "out";
  std::filesystem::path study;
  pid_t job = 0;
};

struct Idle {
  std::string name;
  int ranks;
  std::string budget;
};
void PrintTo(const Idle& idle, std::ostream* out) { *out << idle.name; }
class IdleRank : public SilentRank, public testing::WithParamInterface<Idle> {};

// One run for half of the ranks: the last of the others has nothing to do, and nobody waits for it
// before the end.
TEST_P(IdleRank, EndsTheJobAndTheStudyGoesOn) {
  const int count = GetParam().ranks;
  write("[" + GetParam().budget + "]", "[0.05]", count / 2);
  start(count);
  const pid_t suspended = first([&] {
    const auto begun = ranks(folder);
    const auto training = begun.find(holder(folder));
    if (static_cast<int>(begun.size()) < count || training == begun.end()) return pid_t{0};
    const int idle = (training->second + count - 1) % count;
    for (const auto& [process, rank] : begun)
      if (rank == idle) return process;
    return pid_t{0};
  });
  suspend(suspended, count);
}

INSTANTIATE_TEST_SUITE_P(SilentRank, IdleRank,
                         testing::Values(Idle{"OfTwoThatEnd", 2, "640000"},
                                         Idle{"OfTwoWhileTheOtherTrains", 2, "6400000"},
                                         Idle{"OfFourThatEnd", 4, "640000"}),
                         [](const auto& idle) { return idle.param.name; });

TEST_F(SilentRank, ThatChoosesTheNextRunEndsTheJob) {
  write("[6400]", twenty_rates(), 2);
  start(2);
  const pid_t suspended = first([&] { return leader(folder, -1); });
  suspend(suspended, 2);
}

TEST_F(SilentRank, ThatLeadsARunEndsTheJob) {
  write("[2560000]", "[0.05]", 2);
  start(2);
  const pid_t suspended = first([&] { return leader(folder, 50); });
  suspend(suspended, 2);
}

TEST_F(SilentRank, EndsAJobOfPlainMpirunAndTheSameCommandGoesOn) {
  write("[6400]", twenty_rates(), 2);
  const auto again = [&] {
    job = tiny_study::start_mpirun(2, {study.string(), folder.string(), "0", "60", kSilence});
  };
  again();
  const pid_t suspended = first([&] { return leader(folder, -1); });
  ASSERT_GT(suspended, 0);
  ::kill(suspended, SIGSTOP);
  EXPECT_EQ(end(), kExitFailed);
  again();
  EXPECT_EQ(end(), kExitDone);
  expect_ended_well(suspended);
}

// Three times as long as silence may last. The one that wakes up first was suspended last: it knows
// the other's last beat.
TEST_F(SilentRank, OfAJobThatWasSuspendedAsAWholeIsNone) {
  write("[2560000]", "[0.05]", 2);
  start(2);
  ASSERT_GT(first([&] { return leader(folder, 50); }), 0);
  const auto before = ranks(folder);
  for (const auto& [process, rank] : std::views::reverse(before)) {
    ::kill(process, SIGSTOP);
    ::usleep(500'000);
  }
  ::sleep(12);
  for (const auto& [process, rank] : before) {
    ::kill(process, SIGCONT);
    ::usleep(500'000);
  }
  EXPECT_EQ(end(), kExitDone);
  EXPECT_THAT(logs(folder), Not(HasSubstr("gives no sign of life")));
  EXPECT_EQ(ranks(folder), before) << "it was started again";
}

}  // namespace
}  // namespace isoloss
