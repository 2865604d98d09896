// A study trained by blocks of unequal width in one job. Runs on every rank of an MPI job
// (isoloss_mpi_test) at 1, 2 and 4 ranks; compared with the same study on one rank alone.
#include <gtest/gtest.h>

#include <algorithm>
#include <fstream>
#include <iterator>
#include <map>
#include <stdexcept>
#include <string>
#include <vector>

#include "harness/files/run_storage.h"
#include "harness/ranks/mpi_communicator.h"
#include "harness/ranks/self_communicator.h"
#include "harness/study/claim.h"
#include "harness/study/job_rounds.h"
#include "harness/study/study_setup.h"
#include "results/verify.h"
#include "tests/harness/mpi_job.h"
#include "tests/harness/tiny_study.h"

namespace isoloss {
namespace {

// A study in a folder that all ranks know and the first one makes, in float64 so that layouts
// differ by rounding alone.
class JobStudy {
 public:
  JobStudy(const std::string& budgets, const std::string& rates) {
    std::array<char, 256> path{};
    if (job->rank() == 0) {
      place_ = std::make_unique<tiny_study::Place>();
      const auto file = tiny_study::write_study(*place_, budgets, rates);
      std::ifstream in(file);
      std::string text{std::istreambuf_iterator<char>(in), std::istreambuf_iterator<char>()};
      text.replace(text.find("float32"), 7, "float64");
      std::ofstream(file) << text;
      std::ranges::copy(file.string(), path.begin());
    }
    job->broadcast(std::as_writable_bytes(std::span(path)), 0);
    study = read_study(path.data());
    plan = make_plan(study);
    folder = {study.file.parent_path() / "job"};
    if (job->rank() == 0) prepare_study_folder(folder, study);
    job->barrier();
  }

  std::size_t run_of(const std::string& size, double rate) const {
    for (std::size_t run = 0; run < plan.runs.size(); ++run)
      if (plan.runs[run].spec.model.size == size &&
          plan.runs[run].spec.optimizer.learning_rate == rate)
        return run;
    throw std::logic_error("no such run");
  }

  // Every run by one rank, but for those that `ranks` says, as many of them as the job has.
  std::optional<StudyOutcome> train(Communicator& ranks, const StudyFolder& to,
                                    const std::map<std::size_t, RunRanks>& wide,
                                    const std::function<bool()>& stop) const {
    JobRanks chosen{1, 1e12, std::vector<RunRanks>(plan.runs.size()),
                    std::vector<RankLayout>(plan.runs.size())};
    for (const auto& [run, planned] : wide) {
      const int most = std::min(planned.planned, ranks.size());
      chosen.runs[run] = {most, std::min(planned.least, most)};
      chosen.layouts[run] = {most == 4 ? 2 : 1, most == 4 ? 2 : most};
    }
    RunExecutor executor(to, study.name, ranks.rank());
    return train_with_job({to, plan, true, chosen, ranks.rank(), executor, stop}, ranks);
  }

  // The losses of the folder, and of the same study by one rank alone.
  std::map<std::string, std::vector<double>> got() const { return tiny_study::losses(folder.root); }
  std::map<std::string, std::vector<double>> wanted() const {
    const StudyFolder alone{folder.root.parent_path() / "alone"};
    prepare_study_folder(alone, study);
    SelfCommunicator self;
    train(self, alone, {}, [] { return false; });
    return tiny_study::losses(alone.root);
  }

  bool finished(std::size_t run) const {
    const auto record = load_run(folder, plan.runs[run].id);
    return record && record->state == RunState::Finished;
  }

  Study study;
  StudyPlan plan;
  StudyFolder folder;

 private:
  std::unique_ptr<tiny_study::Place> place_;
};

constexpr const char* kBudgets = "[1280, 2560]";  // 20 and 40 steps

const auto kNeverAsked = [] { return false; };

TEST(JobOfBlocks, RunsOfOneTwoAndFourRanksEndAsOnOneRank) {
  const JobStudy study(kBudgets, "[0.05, 0.03, 0.02]");
  const std::map<std::size_t, RunRanks> wide = {{study.run_of("b", 0.05), {4, 1}},
                                                {study.run_of("b", 0.03), {2, 1}},
                                                {study.run_of("a", 0.05), {2, 1}}};
  const auto outcome = study.train(*job, study.folder, wide, kNeverAsked);
  job->barrier();
  if (job->rank() != 0) return;
  ASSERT_TRUE(outcome);
  EXPECT_EQ(outcome->status, kExitDone);
  const auto got = study.got(), wanted = study.wanted();
  ASSERT_EQ(got.size(), 6U);
  for (std::size_t run = 0; run < study.plan.runs.size(); ++run) {
    const std::string& id = study.plan.runs[run].id;
    const int ranks = wide.contains(run) ? std::min(wide.at(run).planned, job->size()) : 1;
    EXPECT_EQ(load_run(study.folder, id)->header.ranks, ranks);
    if (ranks == 1) {
      EXPECT_EQ(got.at(id), wanted.at(id));
      continue;
    }
    ASSERT_EQ(got.at(id).size(), wanted.at(id).size());
    for (std::size_t i = 0; i < got.at(id).size(); ++i)
      EXPECT_NEAR(got.at(id)[i], wanted.at(id)[i], 1e-6) << id << " " << i;
  }
  EXPECT_TRUE(verify_study(study.folder).empty());
}

// A stop leaves every rank of a block at one step, with its part of the checkpoint saved: the same
// ranks go on to the bits of a job that was not stopped, others to its numbers.
TEST(JobOfBlocks, StoppedWithinAWideRunAnyRanksGoOn) {
  const JobStudy study("[2560]", "[0.05]");
  const std::size_t one_head = study.run_of("a", 0.05), two_heads = study.run_of("b", 0.05);
  const std::map<std::size_t, RunRanks> all = {{one_head, {2, 1}}, {two_heads, {4, 1}}},
                                        two = {{two_heads, {2, 1}}};
  const auto train = [&](const std::string& name, const std::map<std::size_t, RunRanks>& wide,
                         int most) {
    const StudyFolder folder{study.folder.root.parent_path() / name};
    if (job->rank() == 0) prepare_study_folder(folder, study.study);
    job->barrier();
    int asked = 0;
    study.train(*job, folder, wide, [&] { return ++asked > most; });
    job->barrier();
    if (job->rank() == 0) {
      EXPECT_TRUE(verify_study(folder).empty()) << name;
    }
    auto losses = tiny_study::losses(folder.root);
    job->barrier();  // the first rank removes the study with its end of the test
    return losses;
  };
  constexpr int kEnd = 1'000'000, kSoon = 25;  // 40 steps a run, asked before each
  const auto whole = train("whole", all, kEnd);
  std::size_t steps = 0;
  for (const auto& [id, losses] : train("same", all, kSoon)) steps += losses.size();
  EXPECT_LT(steps, 2 * 40U) << "nothing was stopped";
  EXPECT_EQ(train("same", all, kEnd), whole);
  const auto expect_near = [&](const std::map<std::string, std::vector<double>>& got) {
    for (const auto& [id, losses] : whole) {
      ASSERT_EQ(got.at(id).size(), losses.size());
      for (std::size_t i = 0; i < losses.size(); ++i)
        EXPECT_NEAR(got.at(id)[i], losses[i], 1e-6) << id << " " << i;
    }
  };
  train("narrower", all, kSoon);
  expect_near(train("narrower", two, kEnd));
  train("wider", {}, kSoon);
  expect_near(train("wider", all, kEnd));
}

// One block, of half the ranks, waits inside its run until every other run of the study is over:
// the study could not end if any other rank waited for that block.
TEST(JobOfBlocks, NoRankWaitsForABlockThatItIsNotIn) {
  if (job->size() == 1) return;
  const JobStudy study(kBudgets, "[0.05, 0.03, 0.02]");
  const std::size_t slow = study.run_of("b", 0.05);
  const auto held_by_me = [&] {
    const auto claim = read_claim(study.folder.claim(study.plan.runs[slow].id));
    return claim && claim->process == this_process();
  };
  bool waited = false;
  const auto wait_for_the_others = [&] {
    if (waited || !held_by_me()) return false;
    waited = true;
    for (std::size_t run = 0; run < study.plan.runs.size(); ++run)
      for (int tenth = 0; run != slow && !study.finished(run); ++tenth) {
        if (tenth == 900) throw std::runtime_error("a rank waited for this one");
        ::usleep(100'000);
      }
    return false;
  };
  const auto outcome = study.train(
      *job, study.folder, {{slow, {job->size() / 2, 1}}, {study.run_of("a", 0.02), {2, 1}}},
      wait_for_the_others);
  job->barrier();
  if (job->rank() != 0) return;
  ASSERT_TRUE(outcome);
  EXPECT_EQ(outcome->status, kExitDone);
}

// A run of two ranks diverges, and one of one rank throws twice: each ends alone.
TEST(JobOfBlocks, ARunThatFailsCostsNoOtherBlock) {
  const JobStudy study(kBudgets, "[0.05, 0.03, 1e30]");
  const std::size_t broken = study.run_of("b", 0.03);
  const auto fail_in_it = [&] {
    const auto claim = read_claim(study.folder.claim(study.plan.runs[broken].id));
    if (claim && claim->process == this_process()) throw std::runtime_error("broken for the test");
    return false;
  };
  const auto outcome = study.train(
      *job, study.folder, {{study.run_of("a", 1e30), {2, 1}}, {study.run_of("b", 0.05), {2, 1}}},
      fail_in_it);
  job->barrier();
  if (job->rank() != 0) return;
  ASSERT_TRUE(outcome);
  EXPECT_EQ(outcome->status, kExitFailed);
  std::size_t finished = 0;
  for (std::size_t run = 0; run < study.plan.runs.size(); ++run) {
    const PlannedRun& planned = study.plan.runs[run];
    const auto record = load_run(study.folder, planned.id);
    if (run == broken) {
      EXPECT_EQ(read_attempts(study.folder, planned.id).size(), 2U);
    } else if (planned.spec.optimizer.learning_rate == 1e30) {
      EXPECT_EQ(record->state, RunState::Diverged);
    } else {
      finished += study.finished(run) ? 1 : 0;
    }
  }
  EXPECT_EQ(finished, 3U);
}

// Arms by one rank each; what they decide needs the memory of two, and the blocks have split.
TEST(JobOfBlocks, WhatNeedsMoreRanksIsTrainedWhenWholeBlocksFormAnew) {
  const JobStudy study(kBudgets, "{search: [0.03, 0.05], decide_at: {tokens: 1280, size: a}}");
  std::map<std::size_t, RunRanks> wide;
  for (std::size_t run = 0; run < study.plan.runs.size(); ++run)
    if (study.plan.runs[run].spec.model.size == "b") wide[run] = {2, 2};
  const auto outcome = study.train(*job, study.folder, wide, kNeverAsked);
  job->barrier();
  if (job->rank() != 0) return;
  ASSERT_TRUE(outcome);
  EXPECT_EQ(outcome->status, kExitDone);
}

}  // namespace
}  // namespace isoloss
