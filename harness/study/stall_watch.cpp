#include "harness/study/stall_watch.h"

#include <fmt/format.h>

#include <algorithm>
#include <utility>

namespace isoloss {

StallWatch::StallWatch(const StallLimits& limits, std::function<void(const std::string&)> stalled)
    : limits_(limits), stalled_(std::move(stalled)), watching_([this] { watch(); }) {}

StallWatch::~StallWatch() {
  {
    const std::lock_guard lock(mutex_);
    ending_ = true;
  }
  ended_.notify_all();
  watching_.join();
}

void StallWatch::watch() {
  using Clock = std::chrono::steady_clock;
  using Milliseconds = std::chrono::duration<double, std::milli>;
  Milliseconds silent{0}, longest{0};
  std::uint64_t heard = 0;
  bool pause_known = false;
  auto looked = Clock::now();
  std::unique_lock lock(mutex_);
  while (!ended_.wait_for(lock, limits_.look_every, [this] { return ending_; })) {
    const auto now = Clock::now();
    // A process that was suspended wakes up here long after it should have.
    const auto since_looked =
        std::min<Milliseconds>(now - looked, 2 * Milliseconds(limits_.look_every));
    silent += since_looked;
    looked = now;
    if (pauses_ > 0) silent = Milliseconds{0};
    if (const std::uint64_t beats = beats_.load(std::memory_order_relaxed); beats != heard) {
      // The first beat ends the time before training rather than a pause of it; more beats with it
      // paused between two looks.
      if (beats > 1) {
        longest = std::max(longest, heard > 0 ? silent : since_looked);
        pause_known = true;
      }
      heard = beats;
      silent = Milliseconds{0};
      continue;
    }
    const Milliseconds limit =
        pause_known ? std::max<Milliseconds>(limits_.at_least, limits_.longest_pauses * longest)
                    : Milliseconds(limits_.at_first);
    if (silent < limit) continue;
    stalled_(fmt::format("made no progress for {:.3g} s ({})", silent.count() / 1e3,
                         pause_known ? fmt::format("its longest pause before was at most {:.2g} s",
                                                   longest.count() / 1e3)
                                     : "it had not begun"));
    return;
  }
}

}  // namespace isoloss
