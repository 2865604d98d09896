// A run that fails on one rank ends on all of its ranks and on no others, and its block trains on.
#include "harness/devices/run_devices.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <array>
#include <condition_variable>
#include <filesystem>
#include <map>
#include <memory>
#include <mutex>
#include <optional>
#include <stdexcept>
#include <string>
#include <vector>

#include "harness/ranks/self_communicator.h"
#include "tests/model/parallel/thread_ranks.h"
#include "tests/temporary_folder.h"

namespace isoloss {
namespace {

namespace fs = std::filesystem;
using namespace std::chrono_literals;
using testing::Each;
using testing::HasSubstr;
using testing_ranks::on_ranks;

// Ranks that meet under one identity, and whether they wait for one that does not come.
struct Meetings {
  struct Group {
    int arrived = 0, round = 0;
  };
  std::mutex lock;
  std::condition_variable changed;
  std::map<DeviceGroupId, Group> groups;
  int made = 0;
};

// Every operation waits for all ranks of the group, as a device does, or for an abort.
class Meeting final : public DeviceCommunicator {
 public:
  Meeting(Meetings& meetings, const DeviceGroupId& id, int rank, int size)
      : meetings_(meetings), group_(meetings.groups[id]), rank_(rank), size_(size) {}

  int rank() const override { return rank_; }
  int size() const override { return size_; }
  void all_reduce_sum(DeviceValues, DeviceStream) override { meet(); }
  void all_reduce_mean(DeviceValues, DeviceStream) override { meet(); }
  void all_reduce_max(DeviceValues, DeviceStream) override { meet(); }
  void broadcast(DeviceValues, int, DeviceStream) override { meet(); }
  void reduce_parts_mean(DeviceValues, std::span<const ElementRange>, DeviceStream) override {
    meet();
  }
  void gather_parts(DeviceValues, std::span<const ElementRange>, DeviceStream) override { meet(); }
  std::optional<std::string> failure() override { return std::nullopt; }
  void abort() noexcept override {
    const std::lock_guard guard(meetings_.lock);
    aborted_ = true;
    meetings_.changed.notify_all();
  }

 private:
  void meet() {
    std::unique_lock guard(meetings_.lock);
    const int round = group_.round;
    if (++group_.arrived == size_) {
      group_.arrived = 0;
      ++group_.round;
      meetings_.changed.notify_all();
    }
    meetings_.changed.wait(guard, [&] { return aborted_ || group_.round > round; });
  }

  Meetings& meetings_;
  Meetings::Group& group_;
  int rank_, size_;
  bool aborted_ = false;
};

class MeetingLinks final : public DeviceLinks {
 public:
  explicit MeetingLinks(Meetings& meetings) : meetings_(meetings) {}
  DeviceGroupId fresh_id() override {
    const std::lock_guard guard(meetings_.lock);
    return {static_cast<std::byte>(++meetings_.made)};
  }
  std::unique_ptr<DeviceCommunicator> join(const DeviceGroupId& id, int rank, int size,
                                           const std::string&) override {
    const std::lock_guard guard(meetings_.lock);
    return std::make_unique<Meeting>(meetings_, id, rank, size);
  }

 private:
  Meetings& meetings_;
};

class RunsOnDevices : public testing::Test {
 protected:
  // Trains `steps` steps with the block; the rank `breaks` of it cannot go on at step 3. Why it
  // ended; empty where it reached its last step.
  std::string train(Communicator& block, int job_rank, const std::string& run, int steps,
                    int breaks) {
    MeetingLinks links(meetings_);
    SelfCommunicator alone;
    RunDevices devices(block, alone, block, job_rank, links, {run, folder_ / run}, {1min, 1ms});
    try {
      for (int step = 0; step < steps; ++step) {
        if (step == 3 && block.rank() == breaks) devices.watch().fail("no memory left");
        devices.watch().check();
        devices.watch().begun(step);
        devices.groups().data()->all_reduce_sum({}, {});
        devices.watch().check();
        devices.watch().ended(step);
      }
    } catch (const DeviceGroupFailed& failure) {
      return failure.what();
    }
    return "";
  }

  const test::TemporaryFolder own_;
  const fs::path folder_ = own_ / "runs";  // nobody has made it yet
  Meetings meetings_;
};

TEST_F(RunsOnDevices, AFailureOfOneRankEndsTheRunOnAll) {
  for (const int ranks : {1, 2, 4}) {
    std::vector<std::string> ends(static_cast<std::size_t>(ranks));
    on_ranks(ranks, [&](Communicator& block) {
      ends[static_cast<std::size_t>(block.rank())] =
          train(block, block.rank(), "0123", 10, ranks - 1);
    });
    const std::string last = std::to_string(ranks - 1);
    EXPECT_THAT(ends, Each("rank " + last + " (" + last + " of " + std::to_string(ranks) +
                           " that train run 0123): no memory left"));
  }
}

// Nobody told the watch: the error leaves the run and takes its ranks along.
TEST_F(RunsOnDevices, AnErrorOfOneRankKeepsNobodyWaiting) {
  std::string heard;
  on_ranks(2, [&](Communicator& block) {
    MeetingLinks links(meetings_);
    SelfCommunicator alone;
    try {
      RunDevices devices(block, alone, block, block.rank(), links, {"0123", folder_}, {1min, 1ms});
      if (block.rank() == 1) throw std::runtime_error("the data set cannot be read");
      devices.groups().data()->all_reduce_sum({}, {});
      devices.watch().check();
    } catch (const DeviceGroupFailed& failure) {
      heard = failure.what();
    } catch (const std::runtime_error&) {
    }
  });
  EXPECT_EQ(heard, "rank 1 (1 of 2 that train run 0123): an error ended its part");
}

// Ranks 2 and 3 of the job lose their run and train the next; ranks 0 and 1 train on.
TEST_F(RunsOnDevices, OtherGroupsTrainOnAndTheBlockGoesOnWithTheNextRun) {
  std::array<std::string, 4> ends, later;
  on_ranks(4, [&](Communicator& job) {
    const auto r = static_cast<std::size_t>(job.rank());
    const int first = job.rank() / 2 * 2;
    const auto block = job.group(std::array{first, first + 1});
    if (first == 0) {
      ends[r] = train(*block, job.rank(), "aaaa", 1000, -1);
      return;
    }
    ends[r] = train(*block, job.rank(), "bbbb", 1000, 1);
    later[r] = train(*block, job.rank(), "bbbb", 10, -1);
  });
  EXPECT_EQ(ends[0], "");
  EXPECT_EQ(ends[1], "");
  EXPECT_THAT(ends[2], HasSubstr("rank 3 (1 of 2 that train run bbbb): no memory left"));
  EXPECT_EQ(ends[3], ends[2]);
  EXPECT_EQ(later[2], "");
  EXPECT_EQ(later[3], "");
}

}  // namespace
}  // namespace isoloss
