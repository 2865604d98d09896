// A study on a disk that is full or cannot be written: it says so and ends with 1, nothing that was
// stored comes to harm, and it goes on when the disk is mended.
#include <gtest/gtest.h>

#include <cstdint>
#include <filesystem>

#include "harness/study/study_outcome.h"
#include "results/checkpoint_names.h"
#include "results/durable_file.h"
#include "results/verify.h"
#include "tests/harness/tiny_study.h"
#include "tests/results/small_disk.h"

namespace isoloss {
namespace {

namespace fs = std::filesystem;
using tiny_study::Place;

constexpr const char* kLittle = "[1280]";  // 20 steps
constexpr const char* kMore = "[1280, 64000, 128000]";

std::uintmax_t used(const fs::path& disk) {
  const fs::space_info space = fs::space(disk);
  return space.capacity - space.free;
}

void expect_whole(const fs::path& folder) {
  for (const Finding& finding : verify_study({folder}))
    EXPECT_TRUE(is_harmless(finding.severity)) << finding.path << ": " << finding.problem;
}

class BadDisk : public testing::Test {
 protected:
  BadDisk() : disk_(place_.root / "disk"), folder_(disk_.path() / "out") {}

  void SetUp() override {
    if (!disk_.mounted()) GTEST_SKIP() << disk_.why_not();
    ASSERT_TRUE(disk_.resize("64m"));
    ASSERT_EQ(tiny_study::run(study(kLittle), folder_), kExitDone);
    stored_ = tiny_study::losses(folder_);
  }
  fs::path study(const char* budgets) const {
    return tiny_study::write_study(place_, budgets, "[0.05]");
  }
  void expect_ends_as_undisturbed() const {
    EXPECT_EQ(tiny_study::run(study(kMore), folder_), kExitDone);
    ASSERT_EQ(tiny_study::run(study(kMore), place_.root / "undisturbed"), kExitDone);
    EXPECT_EQ(tiny_study::losses(folder_), tiny_study::losses(place_.root / "undisturbed"));
    expect_whole(folder_);
  }

  Place place_;
  SmallDisk disk_;
  fs::path folder_;
  std::map<std::string, std::vector<double>> stored_;
};

// Little room is left, so that it ends in a journal, a run file or a checkpoint.
TEST_F(BadDisk, AFullOneEndsTheStudyAndHarmsNothing) {
  for (const std::uintmax_t left : {8'000, 40'000, 80'000}) {
    ASSERT_TRUE(disk_.resize(std::to_string(used(disk_.path()) + left)));
    EXPECT_EQ(tiny_study::run(study(kMore), folder_), kExitFailed) << left;
    expect_whole(folder_);
    for (const auto& [run, losses] : tiny_study::losses(folder_))
      EXPECT_GE(losses.size(), stored_[run].size());
  }
  ASSERT_TRUE(disk_.resize("64m"));
  expect_ends_as_undisturbed();
}

// There is room for the newest two checkpoints and no third, which is there before the oldest goes.
TEST_F(BadDisk, AQuotaReachedWhileCheckpointsArePrunedKeepsTheLastOnes) {
  const auto often = [&] {
    const fs::path path = study(kMore);
    std::string text = read_file(path);
    write_durably(path,
                  text.replace(text.find("threads: 1"), 10, "threads: 1, checkpoint_every: 0.01s"));
    return path;
  };
  for (const std::uintmax_t left : {120'000, 160'000, 200'000}) {
    ASSERT_TRUE(disk_.resize(std::to_string(used(disk_.path()) + left)));
    EXPECT_EQ(tiny_study::run(often(), folder_), kExitFailed) << left;
    expect_whole(folder_);
    for (const std::string& id : run_ids({folder_})) {
      const auto steps = checkpoint_steps(StudyFolder{folder_}.run(id));
      EXPECT_GE(steps.size(), 1U);
      EXPECT_LE(steps.size(), 3U);
    }
  }
  ASSERT_TRUE(disk_.resize("64m"));
  expect_ends_as_undisturbed();
}

TEST_F(BadDisk, AReadOnlyOneIsReadAndLeftAsItIs) {
  ASSERT_TRUE(disk_.set_read_only(true));
  EXPECT_EQ(tiny_study::run(study(kMore), folder_), kExitFailed);
  expect_whole(folder_);
  EXPECT_EQ(tiny_study::losses(folder_), stored_);
  ASSERT_TRUE(disk_.set_read_only(false));
  expect_ends_as_undisturbed();
}

}  // namespace
}  // namespace isoloss
