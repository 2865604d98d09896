// Who trains a run: a file in the run's folder that only one process can make, with a heartbeat
// counter in it. It expires when others see no beat for a while (results/claim_observer.h). A claim
// that was taken over is lost: its holder must publish nothing. A rank's sign of life is one too
// (job_watch.h).
#pragma once
#include <atomic>
#include <chrono>
#include <condition_variable>
#include <cstdint>
#include <filesystem>
#include <functional>
#include <memory>
#include <mutex>
#include <optional>
#include <string>
#include <thread>

#include "harness/study/claim_mark.h"
#include "results/claim_observer.h"

namespace isoloss {

// "process 4711 (rank 2) died while training", with the signal of a crash: the reason of an attempt
// that failed so.
std::string death_of(const ClaimContent& claim);

// A claim held by this process: beats in a thread of its own until it is destroyed, and then
// removes the file if it is still this claim's.
class Claim {
 public:
  using Interval = std::chrono::milliseconds;

  // Absent where somebody else holds it. WorkError where the folder cannot be written.
  // `after_beat` is called on the beating thread after each beat that the file system took.
  static std::unique_ptr<Claim> take(const std::filesystem::path& path, std::int64_t rank,
                                     Interval beat_every = std::chrono::seconds(2),
                                     std::function<void()> after_beat = {});
  ~Claim();
  Claim(const Claim&) = delete;
  Claim& operator=(const Claim&) = delete;

  // Whether the file is still this claim's, asked of the file system now.
  bool held() const;
  // Removes the file now, from any thread, for a process that is about to end: nothing of this
  // claim counts as its death. The claim is lost from then on.
  void give_up();
  // Set by the beating thread once the claim was taken over, and by give_up().
  const std::atomic<bool>& lost() const { return lost_; }

 private:
  Claim(std::filesystem::path path, int file, ClaimContent content, Interval beat_every,
        std::function<void()> after_beat);
  void beat(Interval every);
  bool put_beat(const std::atomic<bool>& signalled);

  std::filesystem::path path_;
  int file_ = -1;
  ClaimContent content_;
  std::optional<ClaimMark> mark_;
  std::function<void()> after_beat_;
  std::atomic<bool> lost_ = false;
  bool ending_ = false;
  std::mutex mutex_;
  std::condition_variable ended_;
  std::thread beating_;
};

}  // namespace isoloss
