// What makespan.json says after starts that end, stop, are killed, or meet.
#include "harness/study/study_clock.h"

#include <gtest/gtest.h>
#include <signal.h>
#include <unistd.h>

#include <chrono>
#include <filesystem>
#include <fstream>
#include <optional>
#include <string>
#include <thread>

#include "results/durable_file.h"
#include "results/folder_entries.h"
#include "results/study_makespan.h"
#include "tests/harness/tiny_study.h"

namespace isoloss {
namespace {

using std::chrono::milliseconds;
using tiny_study::Place;

constexpr milliseconds kNever = std::chrono::hours(1);

StudyPlan plan_of(double flops) {
  StudyPlan plan;
  plan.flops = flops;
  return plan;
}

std::int64_t start(const StudyFolder& folder, int ranks = 2, double flops = 1e9,
                   bool whole = true) {
  return note_start(folder, plan_of(flops), {20, 10, 40}, ranks, whole);
}

void train_for(milliseconds time) { std::this_thread::sleep_for(time); }

// Begins, trains and stops; the study is not over.
void stopped_start(const StudyFolder& folder, int ranks = 2, double flops = 1e9,
                   bool whole = true) {
  const StudyClock clock(folder, start(folder, ranks, flops, whole), kNever);
  train_for(milliseconds(100));
}

void last_start(const StudyFolder& folder) {
  StudyClock clock(folder, start(folder), kNever);
  train_for(milliseconds(100));
  clock.note_end();
}

StudyMakespan known(const StudyFolder& folder) {
  return read_study_makespan(folder).value_or(StudyMakespan{});
}

TEST(StudyClock, AddsUpWhatItsStartsTookWithoutTheTimeBetween) {
  const Place place;
  const StudyFolder folder{place.root};
  const auto began = std::chrono::steady_clock::now();
  stopped_start(folder);
  EXPECT_FALSE(known(folder).seconds);
  constexpr milliseconds kBetween{1500};
  std::this_thread::sleep_for(kBetween);
  last_start(folder);
  const std::chrono::duration<double> all = std::chrono::steady_clock::now() - began - kBetween;
  const StudyMakespan makespan = known(folder);
  EXPECT_EQ(makespan.starts, 2);
  EXPECT_EQ(makespan.predicted_seconds, 20);
  ASSERT_TRUE(makespan.seconds);
  EXPECT_GE(*makespan.seconds, 0.2);
  EXPECT_LE(*makespan.seconds, all.count());
}

TEST(StudyClock, KeepsWhatATrainedStudyTookWhateverIsStartedLater) {
  const Place place;
  const StudyFolder folder{place.root};
  last_start(folder);
  const StudyMakespan whole = known(folder);
  ASSERT_TRUE(whole.seconds);
  stopped_start(folder, 4, 2e9);
  last_start(folder);
  EXPECT_EQ(known(folder), whole);
}

// The first start is killed as soon as it has noted something.
TEST(StudyClock, HasWhatAKilledStartHadNoted) {
  const Place place;
  const StudyFolder folder{place.root};
  const pid_t child = ::fork();
  if (child == 0) {
    const StudyClock clock(folder, start(folder), milliseconds(10));
    std::this_thread::sleep_for(kNever);
    ::_exit(0);
  }
  while (known(folder).latest_seconds < 0.05) std::this_thread::sleep_for(milliseconds(5));
  ::kill(child, SIGKILL);
  EXPECT_EQ(tiny_study::wait(child), -SIGKILL);
  // It may have been killed as it wrote; 2^22 is more than any process number.
  std::string torn = temporary_beside(folder.makespan_file()).string();
  const std::string own = "-" + std::to_string(::getpid()) + "-";
  std::ofstream(torn.replace(torn.rfind(own), own.size(), "-4194305-")) << "{";
  last_start(folder);
  ASSERT_TRUE(known(folder).seconds);
  EXPECT_GE(*known(folder).seconds, 0.05 + 0.1);
  for (const auto& path : files_in(folder.root))
    EXPECT_NE(maker_of_temporary(path), TemporaryMaker::Dead) << path;
}

TEST(StudyClock, SaysNothingOfStartsThatCannotBeCompared) {
  const Place other_ranks, other_plan, a_part;
  stopped_start({other_ranks.root}, 4);
  stopped_start({other_plan.root}, 2, 2e9);
  stopped_start({a_part.root});
  // As `run --only` ends: its part is trained.
  {
    const StudyFolder folder{a_part.root};
    StudyClock clock(folder, start(folder, 2, 1e9, false), kNever);
    clock.note_end();
    EXPECT_FALSE(known(folder).seconds);
  }
  for (const Place* place : {&other_ranks, &other_plan, &a_part}) {
    last_start({place->root});
    EXPECT_FALSE(known({place->root}).seconds);
  }
  // Of a folder that was begun with a part of the study nothing is known.
  const Place begun_with_a_part;
  stopped_start({begun_with_a_part.root}, 2, 1e9, false);
  EXPECT_FALSE(read_study_makespan({begun_with_a_part.root}));
}

// Whichever of the two ends first, and whichever ends the study.
TEST(StudyClock, SaysNothingOfStartsThatTrainedBesideEachOther) {
  for (const bool first_ends_it : {false, true}) {
    const Place place;
    const StudyFolder folder{place.root};
    std::optional<StudyClock> first, second;
    first.emplace(folder, start(folder), kNever);
    second.emplace(folder, start(folder), kNever);
    if (first_ends_it) {
      first->note_end();
      first.reset();
    } else {
      first.reset();
      second->note_end();
    }
    second.reset();
    EXPECT_FALSE(known(folder).seconds);
    last_start(folder);
    EXPECT_FALSE(known(folder).seconds);
  }
}

}  // namespace
}  // namespace isoloss
