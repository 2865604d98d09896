// A study on the emulator whose runs are shared by the ranks of an MPI job, a device each
// (isoloss_mpi_test, at 1, 2 and 4 ranks).
#include <gtest/gtest.h>

#include <algorithm>
#include <array>
#include <filesystem>
#include <fstream>
#include <memory>
#include <string>

#include "harness/job_rounds.h"
#include "harness/run_executor.h"
#include "harness/self_communicator.h"
#include "harness/study_outcome.h"
#include "harness/study_setup.h"
#include "results/durable_file.h"
#include "results/verify.h"
#include "sweeps/device_runs.h"
#include "tests/harness/mpi_job.h"
#include "tests/harness/on_device/emulated_devices.h"
#include "tests/harness/tiny_study.h"

namespace isoloss {
namespace {

const auto kNeverAsked = [] { return false; };

// In a folder that all ranks know and the first one makes; four rows a step, so that four ranks
// have one each.
class DeviceStudy {
 public:
  DeviceStudy() {
    std::array<char, 256> path{};
    if (job->rank() == 0) {
      place_ = std::make_unique<tiny_study::Place>();
      const auto file = tiny_study::write_study(*place_, "[2560]", "[0.01]");
      std::string text = read_file(file);
      text.replace(text.find("batch_tokens: 64"), 16, "batch_tokens: 128");
      text.replace(text.find("device: cpu"), 11, "device: cuda");
      std::ofstream(file) << text;
      std::ranges::copy(file.string(), path.begin());
    }
    job->broadcast(std::as_writable_bytes(std::span(path)), 0);
    study = read_study(path.data());
    plan = plan_on_devices(study, make_plan(study));
    folder = {study.file.parent_path() / "job"};
    if (job->rank() == 0) prepare_study_folder(folder, study);
    job->barrier();
  }

  // Each run by `together` ranks, of a job that has so many devices.
  std::optional<StudyOutcome> train(Communicator& ranks, const StudyFolder& to, int together,
                                    int count, const std::function<bool()>& stop) {
    EmulatedDevices devices(count);
    const RankDevice device{devices, devices.take_place(ranks, "here", ranks.size() / count)};
    const JobRanks chosen{1, 1e12, std::vector<RunRanks>(plan.runs.size(), {together, together}),
                          std::vector<RankLayout>(plan.runs.size(), {1, together})};
    RunExecutor executor(to, study.name, ranks.rank(), {}, &device);
    return train_with_job({to, plan, true, chosen, ranks.rank(), executor, stop}, ranks);
  }

  // The losses of the folder beside those of one rank alone.
  void expect_one_ranks_losses(double tolerance) {
    EXPECT_TRUE(verify_study(folder).empty());
    const StudyFolder alone{folder.root.parent_path() / "alone"};
    prepare_study_folder(alone, study);
    SelfCommunicator self;
    train(self, alone, 1, 1, kNeverAsked);
    const auto got = tiny_study::losses(folder.root), wanted = tiny_study::losses(alone.root);
    ASSERT_EQ(got.size(), wanted.size());
    for (const auto& [id, losses] : wanted) {
      ASSERT_EQ(got.at(id).size(), losses.size());
      for (std::size_t i = 0; i < losses.size(); ++i)
        EXPECT_NEAR(got.at(id)[i], losses[i], tolerance * losses[i]) << id << " " << i;
    }
  }

  Study study;
  StudyPlan plan;
  StudyFolder folder;

 private:
  std::unique_ptr<tiny_study::Place> place_;
};

// Stopped half way by its leader and gone on with.
TEST(JobOnDevices, ARunThatRanksShareIsStoppedGoesOnAndHasOneRanksLosses) {
  DeviceStudy study;
  const int all = job->size();
  int asked = 0;
  const auto stopped = study.train(*job, study.folder, all, all, [&] { return ++asked > 14; });
  if (job->rank() == 0) {
    ASSERT_TRUE(stopped);
    EXPECT_EQ(stopped->status, kExitStopped);
  }
  const auto outcome = study.train(*job, study.folder, all, all, kNeverAsked);
  job->barrier();
  if (job->rank() != 0) return;
  ASSERT_TRUE(outcome);
  EXPECT_EQ(outcome->status, kExitDone);
  study.expect_one_ranks_losses(1e-3);
}

TEST(JobOnDevices, RanksOfOneDeviceTrainRunsSideBySide) {
  DeviceStudy study;
  study.train(*job, study.folder, 1, 1, kNeverAsked);
  job->barrier();
  if (job->rank() == 0) study.expect_one_ranks_losses(0);
}

}  // namespace
}  // namespace isoloss
