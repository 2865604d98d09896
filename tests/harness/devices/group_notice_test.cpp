#include "harness/devices/group_notice.h"

#include <gtest/gtest.h>

#include <filesystem>

#include "tests/temporary_folder.h"

namespace isoloss {
namespace {

namespace fs = std::filesystem;

class GroupNotices : public testing::Test {
 protected:
  const test::TemporaryFolder own_;
  const fs::path folder_ = own_ / "run";  // nobody has made it yet
};

TEST_F(GroupNotices, AMemberHearsWhatAnotherTold) {
  FileNotice here(folder_, "00ab"), there(folder_, "00ab");
  EXPECT_EQ(there.heard(), std::nullopt);
  here.tell("rank 2: lost");
  EXPECT_EQ(there.heard(), "rank 2: lost");
  EXPECT_EQ(here.heard(), "rank 2: lost");
}

TEST_F(GroupNotices, TheFirstWordCounts) {
  FileNotice here(folder_, "00ab"), there(folder_, "00ab");
  here.tell("rank 2: lost");
  there.tell("rank 0: late");
  EXPECT_EQ(there.heard(), "rank 2: lost");
}

// An earlier attempt at the same run, in the same folder.
TEST_F(GroupNotices, AnotherGroupHearsNothing) {
  FileNotice earlier(folder_, "00ab"), later(folder_, "00ac");
  earlier.tell("rank 2: lost");
  EXPECT_EQ(later.heard(), std::nullopt);
}

TEST_F(GroupNotices, ForgettingLeavesOtherFiles) {
  FileNotice notice(folder_, "00ab");
  notice.tell("lost");
  fs::create_directories(folder_ / "checkpoint-10");
  forget_notices(folder_);
  EXPECT_EQ(notice.heard(), std::nullopt);
  EXPECT_TRUE(fs::exists(folder_ / "checkpoint-10"));
}

TEST_F(GroupNotices, AFolderThatIsNotThereHasNone) { EXPECT_NO_THROW(forget_notices(folder_)); }

}  // namespace
}  // namespace isoloss
