#include "harness/devices/group_watch.h"

#include <fmt/format.h>

#include <condition_variable>
#include <exception>
#include <stop_token>
#include <utility>

namespace isoloss {

GroupWatch::GroupWatch(std::string who,
                       std::vector<std::shared_ptr<DeviceCommunicator>> communicators,
                       GroupNotice& notice, std::chrono::milliseconds longest_step)
    : who_(std::move(who)),
      communicators_(std::move(communicators)),
      notice_(notice),
      longest_step_(longest_step) {}

void GroupWatch::begun(std::int64_t step, Clock::time_point now) {
  const std::lock_guard guard(lock_);
  if (begun_ == ended_) {
    waiting_since_ = now;
    ended_ = step - 1;
  }
  begun_ = step;
}

void GroupWatch::ended(std::int64_t step, Clock::time_point now) {
  const std::lock_guard guard(lock_);
  ended_ = step;
  waiting_since_ = now;
}

void GroupWatch::slept(Clock::duration time) {
  const std::lock_guard guard(lock_);
  waiting_since_ += time;
}

std::optional<std::string> GroupWatch::overdue(Clock::time_point now) const {
  const std::lock_guard guard(lock_);
  if (begun_ == ended_ || now - waiting_since_ < longest_step_) return std::nullopt;
  return fmt::format("step {} has not ended after {:.3g} s", ended_ + 1,
                     std::chrono::duration<double>(now - waiting_since_).count());
}

bool GroupWatch::look(Clock::time_point now) {
  {
    const std::lock_guard guard(lock_);
    if (reason_) return true;
  }
  try {
    for (const auto& communicator : communicators_)
      if (const auto problem = communicator->failure()) {
        end(*problem, true);
        return true;
      }
    if (const auto told = notice_.heard()) {
      end(*told, false);
      return true;
    }
  } catch (const std::exception& problem) {
    // A folder that cannot be read: the run's files cannot be written either.
    end(problem.what(), false);
    return true;
  }
  if (const auto problem = overdue(now)) {
    end(*problem, true);
    return true;
  }
  return false;
}

void GroupWatch::fail(const std::string& reason) { end(reason, true); }

void GroupWatch::check() const {
  const std::lock_guard guard(lock_);
  if (reason_) throw DeviceGroupFailed(*reason_);
}

void GroupWatch::end(const std::string& reason, bool tell) {
  {
    const std::lock_guard guard(lock_);
    if (reason_) return;
    // What a member told names that one already.
    reason_ = tell ? fmt::format("{}: {}", who_, reason) : reason;
  }
  if (tell) {
    try {
      notice_.tell(fmt::format("{}: {}", who_, reason));
    } catch (const std::exception&) {
      // They find out by the library or the clock.
    }
  }
  for (const auto& communicator : communicators_) communicator->abort();
}

GroupWatchThread::GroupWatchThread(GroupWatch& watch, std::chrono::milliseconds look_every)
    : thread_([&watch, look_every](const std::stop_token& stop) {
        std::mutex mutex;
        std::condition_variable_any waits;
        std::unique_lock lock(mutex);
        auto looked = GroupWatch::Clock::now();
        while (!stop.stop_requested() && !watch.look()) {
          waits.wait_for(lock, stop, look_every, [] { return false; });
          const auto now = GroupWatch::Clock::now();
          if (now - looked > 2 * look_every) watch.slept(now - looked - look_every);
          looked = now;
        }
      }) {}

}  // namespace isoloss
