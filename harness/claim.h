// Who trains a run: a file in the run's folder that only one process can make, with a heartbeat
// counter in it. A claim expires when an observer's own monotonic clock has seen no beat for a
// while (clocks of nodes are never compared), at once when its process is certainly dead. A claim
// that was taken over is lost: its holder must publish nothing.
#pragma once
#include <atomic>
#include <chrono>
#include <condition_variable>
#include <cstdint>
#include <filesystem>
#include <map>
#include <memory>
#include <mutex>
#include <optional>
#include <string>
#include <thread>

#include "harness/process_identity.h"

namespace isoloss {

struct ClaimContent {
  ProcessIdentity process;
  std::int64_t rank = 0;
  std::uint64_t beat = 0;
  std::string supervisor = {};  // of the process; empty where there is none
  bool leaving = false;         // the process was signalled to stop: should it be killed before it
                                // has saved, that is no failure of the run
};

// What the file says; absent where there is none or it cannot be read as a claim.
std::optional<ClaimContent> read_claim(const std::filesystem::path& path);

// "process 4711 (rank 2) died while training": the reason of an attempt that failed so.
std::string death_of(const ClaimContent& claim);

// A claim held by this process: beats in a thread of its own until it is destroyed, and then
// removes the file if it is still this claim's.
class Claim {
 public:
  using Interval = std::chrono::milliseconds;

  // Absent where somebody else holds it. WorkError where the folder cannot be written.
  static std::unique_ptr<Claim> take(const std::filesystem::path& path, std::int64_t rank,
                                     Interval beat_every = std::chrono::seconds(2));
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
  Claim(std::filesystem::path path, int file, ClaimContent content, Interval beat_every);
  void beat(Interval every);

  std::filesystem::path path_;
  int file_ = -1;
  ClaimContent content_;
  std::atomic<bool> lost_ = false;
  bool ending_ = false;
  std::mutex mutex_;
  std::condition_variable ended_;
  std::thread beating_;
};

// One process's memory of other processes' claims.
class ClaimObserver {
 public:
  explicit ClaimObserver(std::chrono::milliseconds patience = std::chrono::seconds(30))
      : patience_(patience) {}

  enum class State { Free, Held, Expired };
  State look(const std::filesystem::path& path);

  // Moves an expired claim out of the way, whatever others do at the same time; returns what it
  // said where this call moved it.
  std::optional<ClaimContent> remove_expired(const std::filesystem::path& path);

 private:
  struct Sight {
    std::string content;
    std::chrono::steady_clock::time_point since;
  };
  std::map<std::filesystem::path, Sight> sights_;
  std::chrono::milliseconds patience_;
};

}  // namespace isoloss
