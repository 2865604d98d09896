// A study on the emulator whose runs are shared by the ranks of an MPI job, a device each
// (isoloss_mpi_test, at 1, 2 and 4 ranks).
#include <gtest/gtest.h>

#include <algorithm>
#include <array>
#include <filesystem>
#include <fstream>
#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "harness/files/run_storage.h"
#include "harness/ranks/self_communicator.h"
#include "harness/study/job_rounds.h"
#include "harness/study/run_executor.h"
#include "harness/study/study_outcome.h"
#include "harness/study/study_setup.h"
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
// have one each, and two and four heads, so that two ranks share either model.
class DeviceStudy {
 public:
  DeviceStudy() {
    std::array<char, 256> path{};
    if (job->rank() == 0) {
      place_ = std::make_unique<tiny_study::Place>();
      const auto file = tiny_study::write_study(*place_, "[2560]", "[0.01]", "tiny", "rsqrt",
                                                "tokens: 1024, tasks: [mapping], score_points: 2");
      std::string text = read_file(file);
      text.replace(text.find("batch_tokens: 64"), 16, "batch_tokens: 128");
      text.replace(text.find("device: cpu"), 11, "device: cuda");
      text.replace(text.find("d_model: 16"), 11, "d_model: 32");
      text.replace(text.find("d_model: 8"), 10, "d_model: 16");
      std::ofstream(file) << text;
      std::ranges::copy(file.string(), path.begin());
    }
    job->broadcast(std::as_writable_bytes(std::span(path)), 0);
    study = read_study(path.data());
    plan = plan_on_devices(study, make_plan(study));
    root = study.file.parent_path();
  }

  // Each run by the ranks of a layout, of a job that has so many devices; none: on processors.
  std::optional<StudyOutcome> train(Communicator& ranks, const StudyFolder& to,
                                    const RankLayout& layout, int count,
                                    const std::function<bool()>& stop, double bytes = 1e10) {
    EmulatedDevices devices(count, OptimizerState::Shared, bytes);
    std::optional<RankDevice> device;
    if (count > 0)
      device.emplace(RankDevice{devices, devices.take_place(ranks, "here", ranks.size() / count)});
    const int together = layout.ranks();
    const JobRanks chosen{1, 1e12, std::vector<RunRanks>(plan.runs.size(), {together, together}),
                          std::vector<RankLayout>(plan.runs.size(), layout)};
    RunExecutor executor(to, study.name, ranks.rank(), {}, device ? &*device : nullptr);
    return train_with_job({to, plan, true, chosen, ranks.rank(), executor, stop}, ranks);
  }
  // Of the whole job, in a folder of that name; from what is in it already. Left where the leader
  // has been asked so many times.
  StudyFolder train_job(const std::string& name, const RankLayout& layout, int devices,
                        int most_asked = 1'000'000) {
    const StudyFolder to{root / name};
    if (job->rank() == 0) prepare_study_folder(to, study);
    job->barrier();
    int asked = 0;
    const auto outcome = train(*job, to, layout, devices, [&] { return ++asked > most_asked; });
    job->barrier();
    if (job->rank() == 0) {
      EXPECT_TRUE(outcome);
      EXPECT_EQ(outcome->status, most_asked < 1'000'000 ? kExitStopped : kExitDone) << name;
      EXPECT_TRUE(verify_study(to).empty()) << name;
    }
    return to;
  }

  // The losses of a folder beside those of one processor alone, and the scores of the study's own
  // task, of which rounding may decide an item or two.
  void expect_one_processors_losses(const StudyFolder& of, double tolerance) {
    if (job->rank() != 0) return;
    const StudyFolder alone{root / "alone"};
    SelfCommunicator self;
    prepare_study_folder(alone, study);
    train(self, alone, {1, 1}, 0, kNeverAsked);
    const auto got = tiny_study::losses(of.root), wanted = tiny_study::losses(alone.root);
    ASSERT_EQ(got.size(), wanted.size());
    for (const auto& [id, losses] : wanted) {
      ASSERT_EQ(got.at(id).size(), losses.size());
      for (std::size_t i = 0; i < losses.size(); ++i)
        EXPECT_NEAR(got.at(id)[i], losses[i], tolerance * losses[i]) << id << " " << i;
      const auto scores = load_run(of, id)->scores, alones = load_run(alone, id)->scores;
      ASSERT_EQ(scores.size(), 2U);
      for (std::size_t i = 0; i < scores.size(); ++i) {
        EXPECT_EQ(scores[i].step, alones[i].step);
        EXPECT_EQ(scores[i].n, alones[i].n);
        EXPECT_NEAR(scores[i].value, alones[i].value, 2.0 / static_cast<double>(alones[i].n));
      }
    }
  }

  Study study;
  StudyPlan plan;
  std::filesystem::path root;

 private:
  std::unique_ptr<tiny_study::Place> place_;
};

// Of the whole job: ranks that share the batches, and two that share a model.
std::vector<RankLayout> layouts() {
  const int all = job->size();
  if (all == 1) return {{1, 1}};
  return {{1, all}, {2, all / 2}};
}

std::string text(const RankLayout& layout) {
  return std::to_string(layout.tensor) + "x" + std::to_string(layout.data);
}

// Stopped half way by its leader and gone on with by the same ranks, to the bits of a study that
// was not stopped.
TEST(JobOnDevices, RunsThatRanksShareAreStoppedGoOnAndHaveOneProcessorsLosses) {
  DeviceStudy study;
  for (const RankLayout& layout : layouts()) {
    SCOPED_TRACE(text(layout));
    const StudyFolder whole = study.train_job("whole" + text(layout), layout, job->size());
    study.train_job("stopped" + text(layout), layout, job->size(), 14);
    const StudyFolder stopped = study.train_job("stopped" + text(layout), layout, job->size());
    study.expect_one_processors_losses(whole, 1e-3);
    if (job->rank() == 0) {
      EXPECT_EQ(tiny_study::losses(stopped.root), tiny_study::losses(whole.root));
    }
  }
}

// Begun on devices and ended on processors of another layout, and the other way round.
TEST(JobOnDevices, OtherLayoutsAndKindsGoOn) {
  DeviceStudy study;
  const RankLayout first = layouts().back(), second = layouts().front();
  for (const int begins : {job->size(), 0}) {
    const std::string name = begins > 0 ? "to-processors" : "to-devices";
    SCOPED_TRACE(name);
    study.train_job(name, first, begins, 14);
    study.expect_one_processors_losses(study.train_job(name, second, begins > 0 ? 0 : job->size()),
                                       1e-3);
  }
  study.train_job("devices", second, job->size(), 14);
  study.expect_one_processors_losses(study.train_job("devices", first, job->size()), 1e-3);
}

// All ranks of its block hear why, nobody waits for another, and the smaller run is trained.
TEST(JobOnDevices, ARunThatIsPredictedNotToFitIsGivenUpByAllThatShareIt) {
  DeviceStudy study;
  const RankLayout layout{1, job->size()};
  const StudyFolder to{study.root / "little"};
  if (job->rank() == 0) prepare_study_folder(to, study.study);
  job->barrier();
  std::vector<double> bytes;
  for (const PlannedRun& run : study.plan.runs) bytes.push_back(memory_per_rank(run.spec, layout));
  const auto [least, most] = std::ranges::minmax(bytes);
  ASSERT_LT(least, most);
  const auto outcome = study.train(*job, to, layout, job->size(), kNeverAsked, (least + most) / 2);
  job->barrier();
  if (job->rank() != 0) return;
  ASSERT_TRUE(outcome);
  EXPECT_EQ(outcome->status, kExitFailed);
  for (std::size_t run = 0; run < bytes.size(); ++run) {
    const std::string& id = study.plan.runs[run].id;
    const bool fits = bytes[run] == least;
    EXPECT_EQ(load_run(to, id).has_value(), fits);
    EXPECT_EQ(read_attempts(to, id).empty(), fits);
    for (const auto& attempt : read_attempts(to, id))
      EXPECT_NE(attempt.reason.find("of a device by prediction"), std::string::npos)
          << attempt.reason;
  }
}

TEST(JobOnDevices, RanksOfOneDeviceTrainRunsSideBySide) {
  DeviceStudy study;
  const StudyFolder shared = study.train_job("shared", {1, 1}, 1);
  if (job->rank() != 0) return;
  const StudyFolder alone{study.root / "alone"};
  SelfCommunicator self;
  prepare_study_folder(alone, study.study);
  study.train(self, alone, {1, 1}, 1, kNeverAsked);
  EXPECT_EQ(tiny_study::losses(shared.root), tiny_study::losses(alone.root));
}

}  // namespace
}  // namespace isoloss
