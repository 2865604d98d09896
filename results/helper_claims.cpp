#include "results/helper_claims.h"

#include <string_view>

#include "results/folder_entries.h"

namespace isoloss {

namespace {

constexpr std::string_view kStart = "claim-";

}  // namespace

std::filesystem::path helper_claim(const StudyFolder& folder, const std::string& id,
                                   std::int64_t rank) {
  return folder.run(id) / (std::string(kStart) + std::to_string(rank));
}

bool is_helper_claim(const std::filesystem::path& path) {
  const std::string name = path.filename().string();
  return name.starts_with(kStart) && name.size() > kStart.size() &&
         name.find_first_not_of("0123456789", kStart.size()) == std::string::npos;
}

std::vector<std::filesystem::path> helper_claims(const StudyFolder& folder, const std::string& id) {
  std::vector<std::filesystem::path> claims = files_in(folder.run(id));
  std::erase_if(claims, [](const auto& path) { return !is_helper_claim(path); });
  return claims;
}

}  // namespace isoloss
