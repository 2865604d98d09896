#include "results/rank_claims.h"

#include <fmt/format.h>

#include <string>
#include <string_view>
#include <system_error>

#include "results/claim_file.h"
#include "results/folder_entries.h"

namespace isoloss {

namespace fs = std::filesystem;

namespace {

constexpr std::string_view kDigits = "0123456789";

std::string name_of(const std::string& host) { return host.substr(0, host.find('/')); }

// Takes "-N" off the end; false where it is not there.
bool take_number(std::string_view& text) {
  const std::size_t dash = text.rfind('-');
  if (dash == std::string_view::npos || dash + 1 == text.size() ||
      text.find_first_not_of(kDigits, dash + 1) != std::string_view::npos)
    return false;
  text = text.substr(0, dash);
  return true;
}

}  // namespace

fs::path rank_claim(const StudyFolder& folder, const ProcessIdentity& process) {
  return folder.ranks() /
         fmt::format("{}-{}-{}.claim", name_of(process.host), process.pid, process.started);
}

bool is_rank_claim(const fs::path& path) {
  const std::string stem = path.stem().string();
  std::string_view rest = stem;
  return path.extension() == ".claim" && take_number(rest) && take_number(rest) && !rest.empty();
}

std::vector<fs::path> rank_claims(const StudyFolder& folder) {
  std::vector<fs::path> claims = files_in(folder.ranks());
  std::erase_if(claims, [](const fs::path& path) { return !is_rank_claim(path); });
  return claims;
}

void remove_dead_rank_claims(const StudyFolder& folder, const std::string& supervisor) {
  const std::string own = name_of(this_process().host) + "-";
  for (const fs::path& path : rank_claims(folder)) {
    if (supervisor.empty() && !path.filename().string().starts_with(own)) continue;
    const auto claim = read_claim(path);
    if (!claim) continue;
    const bool ended = !supervisor.empty() && claim->supervisor == supervisor;
    std::error_code ignored;
    if (ended || certainly_dead(claim->process)) fs::remove(path, ignored);
  }
}

}  // namespace isoloss
