// One piece of work at a time beside the thread that gives it: what training must not wait for.
#pragma once
#include <chrono>
#include <functional>
#include <future>
#include <utility>

namespace isoloss {

class BackgroundJob {
 public:
  // Waits for the job at hand; what that throws is lost then: call wait() before.
  ~BackgroundJob() = default;

  // Whether the one before is still going on; once it is over, throws what it threw.
  bool busy() {
    if (!going_on_.valid()) return false;
    if (going_on_.wait_for(std::chrono::seconds(0)) != std::future_status::ready) return true;
    going_on_.get();
    return false;
  }
  // Until it is over; throws what it threw.
  void wait() {
    if (going_on_.valid()) going_on_.get();
  }
  // Not while one is going on.
  void start(std::function<void()> job) {
    going_on_ = std::async(std::launch::async, std::move(job));
  }

 private:
  std::future<void> going_on_;  // its destructor waits
};

}  // namespace isoloss
