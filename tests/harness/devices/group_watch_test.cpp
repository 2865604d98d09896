// A group that fails or hangs is ended, and no other.
#include "harness/devices/group_watch.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <atomic>
#include <chrono>
#include <condition_variable>
#include <memory>
#include <mutex>
#include <optional>
#include <stdexcept>
#include <string>
#include <vector>

#include "harness/devices/self_device_communicator.h"

namespace isoloss {
namespace {

using namespace std::chrono_literals;
using testing::HasSubstr;

// A group of two whose other rank has died: nothing ends before it is aborted.
class Stuck final : public DeviceCommunicator {
 public:
  int rank() const override { return 1; }
  int size() const override { return 2; }
  void all_reduce_sum(DeviceValues, DeviceStream) override {}
  void all_reduce_mean(DeviceValues, DeviceStream) override {}
  void all_reduce_max(DeviceValues, DeviceStream) override {}
  void broadcast(DeviceValues, int, DeviceStream) override {}
  void reduce_parts_mean(DeviceValues, std::span<const ElementRange>, DeviceStream) override {}
  void gather_parts(DeviceValues, std::span<const ElementRange>, DeviceStream) override {}
  std::optional<std::string> failure() override { return lost; }
  void abort() noexcept override {
    const std::lock_guard guard(lock_);
    ++aborts;
    aborted_.notify_all();
  }
  // As a host waits for a stream on which an operation is.
  void wait() {
    std::unique_lock guard(lock_);
    aborted_.wait(guard, [this] { return aborts > 0; });
  }
  std::optional<std::string> lost;
  int aborts = 0;

 private:
  std::mutex lock_;
  std::condition_variable aborted_;
};

struct Notices final : GroupNotice {
  void tell(const std::string& reason) override {
    if (unwritable) throw std::runtime_error("no space left");
    if (!told) told = reason;
  }
  std::optional<std::string> heard() override { return told; }
  std::optional<std::string> told;
  bool unwritable = false;
};

std::string failure_of(const GroupWatch& watch) {
  try {
    watch.check();
  } catch (const DeviceGroupFailed& failure) {
    return failure.what();
  }
  return "";
}

class GroupWatches : public testing::Test {
 protected:
  static constexpr GroupWatch::Clock::time_point kStart{1000s};
  std::shared_ptr<Stuck> tensor_ = std::make_shared<Stuck>(), data_ = std::make_shared<Stuck>();
  Notices notices_;
  GroupWatch watch_{"rank 3 of run 0123", {tensor_, data_}, notices_, 60s};
};

TEST_F(GroupWatches, AGroupThatGetsOnIsLeftAlone) {
  for (int step = 0; step < 10; ++step) {
    watch_.begun(step, kStart + step * 50s);
    watch_.ended(step, kStart + step * 50s + 40s);
    EXPECT_FALSE(watch_.look(kStart + step * 50s + 45s));
  }
  EXPECT_EQ(failure_of(watch_), "");
  EXPECT_EQ(data_->aborts, 0);
}

// Between two steps the host reads, evaluates and writes as long as it likes.
TEST_F(GroupWatches, NoStepOnTheDeviceIsNeverLate) {
  EXPECT_FALSE(watch_.look(kStart + 10h));
  watch_.begun(0, kStart + 10h);
  watch_.ended(0, kStart + 10h);
  EXPECT_FALSE(watch_.look(kStart + 20h));
}

TEST_F(GroupWatches, AStepThatDoesNotEndNamesRankGroupAndStep) {
  watch_.begun(8, kStart);  // goes on from a checkpoint
  EXPECT_FALSE(watch_.look(kStart + 59s));
  EXPECT_TRUE(watch_.look(kStart + 60s));
  EXPECT_EQ(failure_of(watch_), "rank 3 of run 0123: step 8 has not ended after 60 s");
  EXPECT_EQ(notices_.told, "rank 3 of run 0123: step 8 has not ended after 60 s");
  EXPECT_EQ(tensor_->aborts, 1);
  EXPECT_EQ(data_->aborts, 1);
}

// A batch system may suspend a job with steps under way, for as long as it likes.
TEST_F(GroupWatches, TimeInWhichTheProcessWasSuspendedIsNoSteps) {
  watch_.begun(8, kStart);
  watch_.slept(10min);
  EXPECT_FALSE(watch_.look(kStart + 10min + 59s));
  EXPECT_TRUE(watch_.look(kStart + 11min));
}

// The host runs ahead of the device by a step or two: the oldest is the one that is late, by the
// time since the one before it ended.
TEST_F(GroupWatches, StepsThatWaitBehindOthersAreNotLate) {
  watch_.begun(0, kStart);
  watch_.begun(1, kStart + 1s);
  watch_.ended(0, kStart + 50s);
  EXPECT_FALSE(watch_.look(kStart + 100s));
  EXPECT_TRUE(watch_.look(kStart + 110s));
  EXPECT_THAT(failure_of(watch_), HasSubstr("step 1 has not ended after 60 s"));
}

TEST_F(GroupWatches, WhatTheLibraryFindsEndsTheGroup) {
  data_->lost = "NCCL lost the data group (remote process exited)";
  EXPECT_TRUE(watch_.look(kStart));
  EXPECT_EQ(failure_of(watch_),
            "rank 3 of run 0123: NCCL lost the data group (remote process exited)");
  EXPECT_EQ(tensor_->aborts, 1);
}

// What a member told is repeated as it said it: it names that rank.
TEST_F(GroupWatches, WhatAMemberTellsEndsTheGroupHere) {
  notices_.told = "rank 2 of run 0123: step 5 has not ended after 60 s";
  EXPECT_TRUE(watch_.look(kStart));
  EXPECT_EQ(failure_of(watch_), notices_.told);
  EXPECT_EQ(data_->aborts, 1);
}

TEST_F(GroupWatches, ARankThatCannotGoOnTellsTheOthers) {
  watch_.fail("the device has no memory left");
  EXPECT_EQ(notices_.told, "rank 3 of run 0123: the device has no memory left");
  EXPECT_TRUE(watch_.look(kStart));
  EXPECT_EQ(data_->aborts, 1) << "once";
}

TEST_F(GroupWatches, ADiskThatTakesNoNoticeKeepsNobodyFromEnding) {
  notices_.unwritable = true;
  watch_.fail("the device has no memory left");
  EXPECT_EQ(data_->aborts, 1);
  EXPECT_THAT(failure_of(watch_), HasSubstr("no memory left"));
}

TEST_F(GroupWatches, AnotherGroupOfTheJobTrainsOn) {
  const auto other = std::make_shared<Stuck>();
  Notices others;
  GroupWatch beside("rank 5 of run 4567", {other}, others, 60s);
  watch_.fail("lost");
  EXPECT_FALSE(beside.look(kStart));
  EXPECT_EQ(failure_of(beside), "");
  EXPECT_EQ(other->aborts, 0);
}

// A host that waits for a device which waits for a peer that died.
TEST_F(GroupWatches, AHostThatWaitsForAStuckDeviceGetsOn) {
  GroupWatch watch("rank 3 of run 0123", {tensor_, data_}, notices_, 1ms);
  const GroupWatchThread thread(watch, 1ms);
  watch.begun(0);
  data_->wait();
  EXPECT_THAT(failure_of(watch), HasSubstr("step 0 has not ended"));
}

}  // namespace
}  // namespace isoloss
