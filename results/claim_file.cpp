#include "results/claim_file.h"

#include <fmt/format.h>

#include <nlohmann/json.hpp>
#include <string_view>

#include "results/durable_file.h"
#include "results/unread_error.h"

namespace isoloss {
namespace {

constexpr std::string_view kSignal = "\"signal\":", kLeaving = "\"leaving\":";

// Behind the last `key`: a host's name may hold anything.
std::size_t behind(const std::string& text, std::string_view key) {
  return text.rfind(key) + key.size();
}

}  // namespace

std::string claim_text(const ClaimContent& claim) {
  const nlohmann::ordered_json head = {{"host", claim.process.host},
                                       {"pid", claim.process.pid},
                                       {"started", claim.process.started},
                                       {"rank", claim.rank},
                                       {"supervisor", claim.supervisor}};
  std::string text = head.dump();
  text.back() = ',';
  return fmt::format("{}{}{:>{}},{}{:>{}},\"beat\":{:>20}}}\n", text, kSignal, claim.signal,
                     kSignalDigits, kLeaving, claim.leaving, kLeavingMark.size(), claim.beat);
}

std::size_t signal_place(const std::string& claim_text) { return behind(claim_text, kSignal); }

std::size_t leaving_place(const std::string& claim_text) { return behind(claim_text, kLeaving); }

std::optional<ClaimContent> claim_from(const std::string& text) {
  const auto json = nlohmann::json::parse(text, nullptr, false);
  if (!json.is_object()) return std::nullopt;
  try {
    return ClaimContent{{json.at("host").get<std::string>(), json.at("pid").get<std::int64_t>(),
                         json.at("started").get<std::uint64_t>()},
                        json.at("rank").get<std::int64_t>(),
                        json.at("beat").get<std::uint64_t>(),
                        json.value("supervisor", ""),
                        json.value("leaving", false),
                        json.value("signal", 0)};
  } catch (const nlohmann::json::exception&) {
    return std::nullopt;
  }
}

std::string read_claim_text(const std::filesystem::path& path) {
  try {
    return read_file(path);
  } catch (const UnreadError&) {
    std::error_code ignored;
    if (std::filesystem::exists(path, ignored)) throw;
    return "";
  }
}

std::optional<ClaimContent> read_claim(const std::filesystem::path& path) {
  try {
    return claim_from(read_claim_text(path));
  } catch (const UnreadError&) {
    return std::nullopt;
  }
}

}  // namespace isoloss
