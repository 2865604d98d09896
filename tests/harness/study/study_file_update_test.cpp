// Two starts at once on a folder that is not there yet, with files that differ in grid values.
#include "harness/study/study_file_update.h"

#include <gtest/gtest.h>

#include <barrier>
#include <string>
#include <thread>
#include <vector>

#include "harness/study/study_setup.h"
#include "results/durable_file.h"
#include "results/study_sum.h"
#include "tests/harness/tiny_study.h"

namespace isoloss {
namespace {

TEST(StudyFileUpdate, StartsAtOnceLoseNoGridValue) {
  const tiny_study::Place place;
  std::vector<Study> studies;
  for (const char* budgets : {"[640, 1280]", "[640, 1920]", "[640, 2560]"}) {
    const auto written = tiny_study::write_study(place, budgets, "[0.05]");
    const auto own = place.root / (std::to_string(studies.size()) + ".yaml");
    std::filesystem::rename(written, own);
    studies.push_back(read_study(own));
  }
  for (int round = 0; round < 20; ++round) {
    const StudyFolder folder{place.root / std::to_string(round)};
    std::barrier together(static_cast<std::ptrdiff_t>(studies.size()));
    std::vector<std::thread> starts;
    for (const Study& study : studies)
      starts.emplace_back([&] {
        together.arrive_and_wait();
        prepare_study_folder(folder, study);
      });
    for (std::thread& start : starts) start.join();
    ASSERT_TRUE(study_sum_fits(read_file(folder.study_file())));
    ASSERT_EQ(make_plan(read_study(folder.study_file())).trials.size(), 8U) << round;
  }
}

}  // namespace
}  // namespace isoloss
