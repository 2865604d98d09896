#include <gtest/gtest.h>

#include <chrono>
#include <fstream>
#include <thread>
#include <vector>

#include "harness/progress/progress_text.h"
#include "harness/progress/rank_pulse.h"
#include "harness/progress/study_tally.h"
#include "harness/ranks/machine.h"
#include "harness/study/rank_reporter.h"
#include "harness/study/supervised.h"
#include "results/code_version.h"
#include "tests/harness/tiny_study.h"

namespace isoloss {
namespace {

using tiny_study::Place;

TEST(ProgressText, DurationsReadAsPeopleSayThem) {
  EXPECT_EQ(duration_text(45.2), "45 s");
  EXPECT_EQ(duration_text(754), "13 min");
  EXPECT_EQ(duration_text(12'000), "3 h 20 min");
  EXPECT_EQ(duration_text(-3), "0 s");
}

TEST(ProgressText, ARankSaysWhatItTrains) {
  RankReport report;
  report.rank = 1;
  EXPECT_EQ(rank_line(report), "rank 1  waiting");
  report.run = "0123";
  report.architecture = "primer-ez";
  report.size = "s";
  report.learning_rate = 0.05;
  report.step = 120;
  report.to_step = 800;
  report.tokens_per_second = 15'200;
  report.loss = 1.8231;
  EXPECT_EQ(rank_line(report),
            "rank 1  primer-ez s  seed 0  lr 0.05  step 120/800  15.2k tokens/s  loss 1.823");
}

TEST(ProgressText, TheTallySaysWhatIsLeft) {
  StudyTally tally{.trials_done = 12, .trials_failed = 1, .trials = 60};
  tally.done_flops = 42e10;
  tally.total_flops = 100e10;
  EXPECT_FALSE(tally.eta_seconds());
  tally.flops_per_second = 1e9;
  EXPECT_DOUBLE_EQ(*tally.eta_seconds(), 580);
  EXPECT_EQ(tally_line(tally),
            "12 of 60 trials (1 failed)  42 %  1.0e+09 FLOP/s  about 10 min left");
}

TEST(RankReporter, WritesWhatItsReaderReadsAndLeavesNothing) {
  const Place place;
  const StudyFolder folder{place.root};
  std::filesystem::create_directories(folder.ranks());
  {
    RankReporter reporter(folder, 2);
    RankReport begun;
    begun.run = "0123";
    begun.to_step = 9;
    reporter.begin(begun);
    const auto reports = read_rank_reports(folder);
    ASSERT_EQ(reports.size(), 1U);
    EXPECT_EQ(reports[0].rank, 2);
    EXPECT_EQ(reports[0].run, "0123");
    EXPECT_EQ(reports[0].to_step, 9);
  }
  EXPECT_TRUE(std::filesystem::is_empty(folder.ranks()));
}

// A folder with reports of the dates that a test gives them.
struct Reports {
  Reports() { std::filesystem::create_directories(folder.ranks()); }
  void write(const std::string& name, const std::string& text,
             std::filesystem::file_time_type written) const {
    std::ofstream(folder.ranks() / name) << text;
    std::filesystem::last_write_time(folder.ranks() / name, written);
  }

  Place place;
  StudyFolder folder{place.root};
};

std::string report_of(std::int64_t rank, const std::string& run = "") {
  RankReport report;
  report.rank = rank;
  report.run = run;
  return as_json(report);
}

std::filesystem::file_time_type now() { return std::filesystem::file_time_type::clock::now(); }

constexpr std::chrono::hours kClocksDiffer[] = {std::chrono::hours(0), std::chrono::hours(1),
                                                std::chrono::hours(-1)};

// Whatever the clock of the machine that dates the files: this one's, an hour ahead, an hour
// behind.
TEST(RankReport, ABrokenOrOldOneIsLeftOut) {
  for (const auto ahead : kClocksDiffer) {
    const Reports reports;
    const auto written = now() + ahead;
    reports.write("torn.json", "{\"rank\": 1,", written - std::chrono::minutes(2));
    reports.write("old.json", report_of(2), written - std::chrono::minutes(1));
    reports.write("slow.json", report_of(3), written - std::chrono::seconds(20));
    reports.write("new.json", report_of(4), written);
    std::vector<std::int64_t> ranks;
    for (const RankReport& report : read_rank_reports(reports.folder)) ranks.push_back(report.rank);
    EXPECT_EQ(ranks, (std::vector<std::int64_t>{3, 4})) << ahead.count();
    // Somebody wrote it, if not to its end.
    reports.write("torn.json", "{\"rank\": 1,", written + std::chrono::minutes(1));
    EXPECT_TRUE(read_rank_reports(reports.folder).empty()) << ahead.count();
  }
}

TEST(RankPulse, AReportOfThisHalfMinuteIsEnough) {
  const Reports reports;
  reports.write("one.json", report_of(0), now());
  EXPECT_TRUE(has_pulse(reports.folder, {}, std::chrono::milliseconds(0)));
}

TEST(RankPulse, WithoutReportsThereIsNone) {
  const Reports reports;
  EXPECT_FALSE(has_pulse(reports.folder, {}, std::chrono::hours(1)));
}

// Dead ranks do not look alive where the clocks differ, and living ones not dead.
TEST(RankPulse, WhereClocksDifferAChangeProvesLife) {
  for (const auto ahead : {std::chrono::hours(1), std::chrono::hours(-1)}) {
    const Reports reports;
    const auto written = now() + ahead;
    reports.write("one.json", report_of(1, "0123"), written);
    const auto read = read_rank_reports(reports.folder);
    ASSERT_EQ(read.size(), 1U);
    EXPECT_FALSE(has_pulse(reports.folder, read, std::chrono::milliseconds(300))) << ahead.count();
    {
      const std::jthread living([&](const std::stop_token& over) {
        for (int i = 1; !over.stop_requested(); ++i, ::usleep(20'000))
          std::filesystem::last_write_time(reports.folder.ranks() / "one.json",
                                           written + std::chrono::milliseconds(500 * i));
      });
      EXPECT_TRUE(has_pulse(reports.folder, read, std::chrono::hours(1))) << ahead.count();
    }
    // A rank in a long step reports nothing, and its claim beats.
    std::filesystem::last_write_time(reports.folder.ranks() / "one.json", written);
    std::filesystem::create_directories(reports.folder.run("0123"));
    const std::jthread beating([&](const std::stop_token& over) {
      for (std::uint64_t beat = 1; !over.stop_requested(); ++beat, ::usleep(20'000)) {
        ClaimContent claim;
        claim.beat = beat;
        std::ofstream(reports.folder.claim("0123")) << claim_text(claim);
      }
    });
    EXPECT_TRUE(has_pulse(reports.folder, read, std::chrono::hours(1))) << ahead.count();
  }
}

// Two runs of 100 FLOPs a step; one has a checkpoint at step 3 and trains at step 5.
TEST(StudyTally, CountsStepsSinceTheCheckpoint) {
  const Place place;
  const Study study = read_study(tiny_study::write_study(place, "[1280]", "[0.05]"));
  const StudyPlan plan = make_plan(study);
  RunProgress progress;
  progress.id = plan.runs[0].id;
  progress.checkpoint_step = 3;
  RankReport report;
  report.run = plan.runs[0].id;
  report.step = 5;
  report.flops_per_second = 7;
  const std::vector<RunProgress> known = {progress};
  const StudyTally stored = study_tally(plan, known, {}, {});
  const StudyTally tally = study_tally(plan, known, {}, std::vector<RankReport>{report});
  EXPECT_DOUBLE_EQ(tally.done_flops - stored.done_flops, 2 * plan.runs[0].flops_per_step);
  EXPECT_EQ(tally.trials, 2U);
  EXPECT_EQ(tally.flops_per_second, 7);
}

TEST(Supervised, AFailureIsTakenOnce) {
  const Place place;
  const StudyFolder folder{place.root};
  std::filesystem::create_directories(folder.ranks());
  EXPECT_FALSE(take_failure(folder, ""));
  report_failure(folder, {2, "no such text"});
  EXPECT_FALSE(take_failure(folder, "another"));
  const auto failure = take_failure(folder, "");
  ASSERT_TRUE(failure);
  EXPECT_EQ(failure->status, 2);
  EXPECT_EQ(failure->message, "no such text");
  EXPECT_FALSE(take_failure(folder, ""));
}

// A read-only disk, or a folder that is gone: the supervisor would speak of messages above that
// nobody wrote.
TEST(Supervised, AFailureThatCannotBeStoredIsSaid) {
  const Place place;
  const StudyFolder folder{place.root / "gone"};
  testing::internal::CaptureStderr();
  report_failure(folder, {1, "no space left"});
  EXPECT_EQ(testing::internal::GetCapturedStderr(), "isoloss: no space left\n");
  std::filesystem::create_directories(folder.ranks());
  testing::internal::CaptureStderr();
  report_failure(folder, {1, "no space left"});
  EXPECT_EQ(testing::internal::GetCapturedStderr(), "");
}

TEST(Machine, NamesItselfAndItsCode) {
  EXPECT_FALSE(machine_name().empty());
  EXPECT_FALSE(code_version().empty());
}

}  // namespace
}  // namespace isoloss
