#include "results/claim_file.h"

#include <fmt/format.h>

#include <fstream>
#include <iterator>
#include <nlohmann/json.hpp>

namespace isoloss {

std::string claim_text(const ClaimContent& claim) {
  const nlohmann::ordered_json head = {{"host", claim.process.host},
                                       {"pid", claim.process.pid},
                                       {"started", claim.process.started},
                                       {"rank", claim.rank},
                                       {"supervisor", claim.supervisor}};
  std::string text = head.dump();
  text.back() = ',';
  return fmt::format("{}\"leaving\":{:>5},\"beat\":{:>20}}}\n", text, claim.leaving, claim.beat);
}

std::optional<ClaimContent> claim_from(const std::string& text) {
  const auto json = nlohmann::json::parse(text, nullptr, false);
  if (!json.is_object()) return std::nullopt;
  try {
    return ClaimContent{{json.at("host").get<std::string>(), json.at("pid").get<std::int64_t>(),
                         json.at("started").get<std::uint64_t>()},
                        json.at("rank").get<std::int64_t>(),
                        json.at("beat").get<std::uint64_t>(),
                        json.value("supervisor", ""),
                        json.value("leaving", false)};
  } catch (const nlohmann::json::exception&) {
    return std::nullopt;
  }
}

std::string read_claim_text(const std::filesystem::path& path) {
  std::ifstream file(path, std::ios::binary);
  return {std::istreambuf_iterator<char>(file), std::istreambuf_iterator<char>()};
}

std::optional<ClaimContent> read_claim(const std::filesystem::path& path) {
  return claim_from(read_claim_text(path));
}

}  // namespace isoloss
