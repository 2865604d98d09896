// Whether the process that holds a claim still lives, as another process can tell: certainly dead,
// or without a beat for a while by the observer's own monotonic clock (clocks of nodes are never
// compared).
#pragma once
#include <chrono>
#include <filesystem>
#include <map>
#include <optional>
#include <string>

#include "results/claim_file.h"

namespace isoloss {

inline constexpr std::chrono::seconds kClaimPatience{30};

// One process's memory of other processes' claims.
class ClaimObserver {
 public:
  explicit ClaimObserver(std::chrono::milliseconds patience = kClaimPatience)
      : patience_(patience) {}

  // Unread: it is there and cannot be read, so that nothing is known of its holder.
  enum class State { Free, Held, Expired, Unread };
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
