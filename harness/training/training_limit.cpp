#include "harness/training/training_limit.h"

#include <algorithm>
#include <charconv>
#include <cstdint>
#include <cstdlib>
#include <string_view>

namespace isoloss {
namespace {

constexpr double kGraceSeconds = 60, kGraceShare = 0.1;

}  // namespace

std::optional<double> seconds_in_allocation(const char* end,
                                            std::chrono::system_clock::time_point now) {
  if (end == nullptr) return std::nullopt;
  const std::string_view text = end;
  std::int64_t at = 0;
  const auto [stop, problem] = std::from_chars(text.data(), text.data() + text.size(), at);
  if (problem != std::errc() || stop != text.data() + text.size()) return std::nullopt;
  const double left =
      static_cast<double>(at) - std::chrono::duration<double>(now.time_since_epoch()).count();
  if (!(left > 0)) return std::nullopt;
  return left - std::min(kGraceSeconds, kGraceShare * left);
}

std::optional<double> training_limit(std::optional<double> asked) {
  const auto left =
      seconds_in_allocation(std::getenv("SLURM_JOB_END_TIME"), std::chrono::system_clock::now());
  if (!asked || !left) return asked ? asked : left;
  return std::min(*asked, *left);
}

}  // namespace isoloss
