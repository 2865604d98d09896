#include "harness/study/run_deaths.h"

#include <algorithm>
#include <filesystem>
#include <system_error>

#include "results/helper_claims.h"

namespace isoloss {

std::optional<ClaimContent> to_blame(std::span<const ClaimContent> dead,
                                     const std::string& supervisor) {
  const auto crashed =
      std::ranges::find_if(dead, [](const ClaimContent& claim) { return claim.signal != 0; });
  if (crashed != dead.end()) return *crashed;
  const auto own = std::ranges::find_if(dead, [&](const ClaimContent& claim) {
    return !supervisor.empty() && claim.supervisor == supervisor && !claim.leaving;
  });
  return own == dead.end() ? std::nullopt : std::optional(*own);
}

std::vector<ClaimContent> take_helper_claims(const StudyFolder& folder, const std::string& id) {
  std::vector<ClaimContent> claims;
  for (const std::filesystem::path& path : helper_claims(folder, id)) {
    if (const auto claim = read_claim(path)) claims.push_back(*claim);
    std::error_code ignored;
    std::filesystem::remove(path, ignored);
  }
  return claims;
}

}  // namespace isoloss
