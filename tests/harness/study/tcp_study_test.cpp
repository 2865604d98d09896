// A study by processes with the variables that srun --mpi=none sets, and no MPI.
#include <gtest/gtest.h>

#include <algorithm>
#include <cmath>
#include <cstdlib>
#include <fstream>
#include <iterator>
#include <string>
#include <vector>

#include "harness/files/run_storage.h"
#include "harness/study/study_outcome.h"
#include "tests/harness/tiny_study.h"

namespace isoloss {
namespace {

using tiny_study::Place;

// Exit statuses by rank.
std::vector<int> run_as_srun(int ranks, const std::filesystem::path& study,
                             const std::filesystem::path& folder) {
  std::vector<pid_t> processes;
  ::setenv("SLURM_JOB_ID", "7", 1);
  ::setenv("SLURM_STEP_ID", "0", 1);
  ::setenv("SLURM_STEP_NUM_TASKS", std::to_string(ranks).c_str(), 1);
  for (int rank = 0; rank < ranks; ++rank) {
    ::setenv("SLURM_PROCID", std::to_string(rank).c_str(), 1);
    processes.push_back(tiny_study::start({study.string(), folder.string()}));
  }
  for (const char* name : {"SLURM_JOB_ID", "SLURM_STEP_ID", "SLURM_STEP_NUM_TASKS", "SLURM_PROCID"})
    ::unsetenv(name);
  std::vector<int> statuses;
  for (const pid_t process : processes) statuses.push_back(tiny_study::wait(process));
  return statuses;
}

TEST(TcpStudy, AnyNumberOfRanksGivesTheBitsOfOneProcess) {
  const Place place;
  const auto study = tiny_study::write_study(place, "[1280, 2560]", "[0.05, 0.03]");
  ASSERT_EQ(tiny_study::run(study, place.root / "alone"), kExitDone);
  for (const int ranks : {1, 2, 4}) {
    const auto folder = place.root / std::to_string(ranks);
    EXPECT_EQ(run_as_srun(ranks, study, folder),
              std::vector(static_cast<std::size_t>(ranks), static_cast<int>(kExitDone)));
    EXPECT_EQ(tiny_study::losses(folder), tiny_study::losses(place.root / "alone"));
  }
}

// Two ranks share each run: sums go by TCP, in float32, so losses are equal but for rounding.
TEST(TcpStudy, RanksShareARun) {
  const Place place;
  const auto file = tiny_study::write_study(place, "[1280]", "[0.05]");
  ASSERT_EQ(tiny_study::run(file, place.root / "alone"), kExitDone);
  std::ifstream in(file);
  std::string text{std::istreambuf_iterator<char>(in), std::istreambuf_iterator<char>()};
  text.replace(text.find("threads: 1"), 10, "threads: 1, data_parallel: 2");
  std::ofstream(file) << text;
  const auto folder = place.root / "shared";
  EXPECT_EQ(run_as_srun(2, file, folder), (std::vector<int>{kExitDone, kExitDone}));
  const auto alone = tiny_study::losses(place.root / "alone"), shared = tiny_study::losses(folder);
  ASSERT_EQ(shared.size(), alone.size());
  for (const auto& [run, losses] : shared) {
    EXPECT_EQ(load_run({folder}, run)->header.ranks, 2);
    ASSERT_EQ(losses.size(), alone.at(run).size());
    for (std::size_t i = 0; i < losses.size(); ++i)
      EXPECT_NEAR(losses[i], alone.at(run)[i], 0.02) << run << " at " << i;
  }
}

}  // namespace
}  // namespace isoloss
