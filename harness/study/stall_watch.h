// Notices that training no longer gets on: a hung process keeps its claim's heart beating, so that
// nobody else would ever take its run. How long it waits follows from the pauses between the beats
// that it has heard, so that a large model may take its time.
#pragma once
#include <atomic>
#include <chrono>
#include <condition_variable>
#include <cstdint>
#include <functional>
#include <mutex>
#include <string>
#include <thread>

namespace isoloss {

struct StallLimits {
  std::chrono::milliseconds at_first = std::chrono::minutes(30);  // before the first pause is known
  std::chrono::milliseconds at_least = std::chrono::minutes(5);
  double longest_pauses = 20;  // times the longest pause so far, where that is more
  std::chrono::milliseconds look_every = std::chrono::seconds(1);
};

class StallWatch {
 public:
  // `stalled` is called at most once, on a thread of the watch's own, with what was seen: "made no
  // progress for 300 s (its longest pause before was 0.4 s)". Time in which the whole process was
  // suspended does not count.
  StallWatch(const StallLimits& limits, std::function<void(const std::string&)> stalled);
  ~StallWatch();
  StallWatch(const StallWatch&) = delete;
  StallWatch& operator=(const StallWatch&) = delete;

  // Training got on. From any thread; costs one addition.
  void beat() { beats_.fetch_add(1, std::memory_order_relaxed); }

  // While it lives no silence counts: files are being written, which may take a slow disk longer
  // than any step. (A file system that hangs stops the claim's heart too, and others take the run.)
  class Pause {
   public:
    explicit Pause(StallWatch& watch) : watch_(watch) { ++watch_.pauses_; }
    ~Pause() { --watch_.pauses_; }
    Pause(const Pause&) = delete;
    Pause& operator=(const Pause&) = delete;

   private:
    StallWatch& watch_;
  };

 private:
  void watch();

  StallLimits limits_;
  std::function<void(const std::string&)> stalled_;
  std::atomic<std::uint64_t> beats_ = 0;
  std::atomic<int> pauses_ = 0;
  bool ending_ = false;
  std::mutex mutex_;
  std::condition_variable ended_;
  std::thread watching_;
};

}  // namespace isoloss
