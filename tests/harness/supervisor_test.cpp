#include "harness/supervisor.h"

#include <gtest/gtest.h>

#include <fstream>

#include "harness/child_processes.h"
#include "harness/claim.h"
#include "harness/study_outcome.h"
#include "harness/study_setup.h"
#include "harness/supervised.h"
#include "tests/harness/tiny_study.h"

namespace isoloss {
namespace {

using tiny_study::Place;

pid_t start_supervisor(const std::filesystem::path& study, const std::filesystem::path& folder) {
  return tiny_study::start({study.string(), folder.string(), "2"});
}

// The process that trains some run of the folder now; 0 where there is none within half a minute.
pid_t a_training_process(const std::filesystem::path& folder) {
  for (int tenth = 0; tenth < 3000; ++tenth) {
    for (const std::string& id : run_ids({folder})) {
      if (const auto claim = read_claim(StudyFolder{folder}.claim(id))) {
        return static_cast<pid_t>(claim->process.pid);
      }
    }
    ::usleep(10'000);
  }
  return 0;
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
  const auto study = tiny_study::write_study(place, "[64000]", "[0.05]");
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

TEST(Supervisor, ASignalToItStopsTheRanksWithTheirStateSaved) {
  const Place place;
  const auto study = tiny_study::write_study(place, "[128000]", "[0.05]");
  const auto folder = place.root / "supervised";
  const pid_t supervisor = start_supervisor(study, folder);
  ASSERT_GT(a_training_process(folder), 0);
  ::kill(supervisor, SIGTERM);
  EXPECT_EQ(tiny_study::wait(supervisor), kExitStopped);
  for (const std::string& id : run_ids({folder})) {
    EXPECT_FALSE(std::filesystem::exists(StudyFolder{folder}.claim(id)));
  }
  EXPECT_EQ(tiny_study::run(study, folder), kExitDone);
}

TEST(Supervisor, BadDataEndsItAtOnce) {
  const Place place;
  const auto study = tiny_study::write_study(place, "[1280]", "[0.05]");
  const auto folder = place.root / "out";
  ASSERT_EQ(tiny_study::run(study, folder), kExitDone);
  for (const std::string& id : run_ids({folder})) {
    std::ofstream(StudyFolder{folder}.run_file(id), std::ios::trunc) << "foreign";
  }
  EXPECT_EQ(tiny_study::wait(start_supervisor(study, folder)), kExitBadInput);
}

}  // namespace
}  // namespace isoloss
