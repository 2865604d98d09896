// Ends a group of devices that no longer gets on, and no other: a lost peer leaves kernels waiting
// for ever, and with them the host. Three things say so: the library, a member of the group, and
// the clock, where a step that was put on the device does not end. Then the group's operations are
// ended, the members are told, and the run has failed.
#pragma once
#include <chrono>
#include <cstdint>
#include <functional>
#include <memory>
#include <mutex>
#include <optional>
#include <string>
#include <thread>
#include <vector>

#include "harness/devices/group_notice.h"
#include "model/parallel/device_communicator.h"

namespace isoloss {

struct GroupWatchLimits {
  // Longer than any step, hosts meeting before each; less than what a run that hangs is given
  // (StallLimits), which would end the process and not the group.
  std::chrono::milliseconds longest_step = std::chrono::minutes(4);
  std::chrono::milliseconds look_every = std::chrono::milliseconds(500);
};

class GroupWatch {
 public:
  using Clock = std::chrono::steady_clock;

  // `who` is this rank and its group in words: "rank 3 of 8 (rank 1 of the data group of run
  // 0123abcd)". The communicators are those of one run on this rank.
  GroupWatch(std::string who, std::vector<std::shared_ptr<DeviceCommunicator>> communicators,
             GroupNotice& notice, std::chrono::milliseconds longest_step);

  // The step was put on the device, and: its end was seen. From any thread, steps in order.
  void begun(std::int64_t step, Clock::time_point now = Clock::now());
  void ended(std::int64_t step, Clock::time_point now = Clock::now());

  // This process was suspended for so long, which no step is to blame for.
  void slept(Clock::duration time);

  // Looks at all three and ends the group where one of them says so; returns whether it has ended.
  bool look(Clock::time_point now = Clock::now());

  // Throws DeviceGroupFailed with who and why once the group has ended.
  void check() const;
  // This rank cannot go on, for a reason of its own: ends the group, so that the others do not
  // wait.
  void fail(const std::string& reason);

 private:
  std::optional<std::string> overdue(Clock::time_point now) const;
  void end(const std::string& reason, bool tell);

  std::string who_;
  std::vector<std::shared_ptr<DeviceCommunicator>> communicators_;
  GroupNotice& notice_;
  std::chrono::milliseconds longest_step_;
  mutable std::mutex lock_;
  std::int64_t begun_ = -1, ended_ = -1;
  Clock::time_point waiting_since_{};  // of the oldest step that has begun and not ended
  std::optional<std::string> reason_;  // of the group's end
};

// Looks every so often, on a thread of its own, until the group ends or this does. Where it wakes
// up long after it should have, the process was suspended.
class GroupWatchThread {
 public:
  GroupWatchThread(GroupWatch& watch, std::chrono::milliseconds look_every);

 private:
  std::jthread thread_;
};

}  // namespace isoloss
