#include "results/claim_observer.h"

#include <unistd.h>

#include <cstdio>
#include <system_error>

#include "results/durable_file.h"
#include "results/unread_error.h"

namespace isoloss {
namespace {

std::optional<std::string> text_if_readable(const std::filesystem::path& path) {
  try {
    return read_claim_text(path);
  } catch (const UnreadError&) {
    return std::nullopt;
  }
}

}  // namespace

ClaimObserver::State ClaimObserver::look(const std::filesystem::path& path) {
  std::error_code ignored;
  if (!std::filesystem::exists(path, ignored)) {
    sights_.erase(path);
    return State::Free;
  }
  std::string content;
  try {
    content = read_claim_text(path);
  } catch (const UnreadError&) {
    sights_.erase(path);
    return State::Unread;
  }
  const auto now = std::chrono::steady_clock::now();
  auto& sight = sights_.try_emplace(path, Sight{content, now}).first->second;
  if (sight.content != content) sight = {content, now};
  const auto claim = claim_from(content);
  if (claim && certainly_dead(claim->process)) return State::Expired;
  return now - sight.since >= patience_ ? State::Expired : State::Held;
}

std::optional<ClaimContent> ClaimObserver::remove_expired(const std::filesystem::path& path) {
  const auto sight = sights_.find(path);
  if (sight == sights_.end()) return std::nullopt;
  const std::string judged = sight->second.content;
  if (text_if_readable(path) != judged) return std::nullopt;
  const auto aside = temporary_beside(path);
  if (::rename(path.c_str(), aside.c_str()) != 0) return std::nullopt;
  const std::string moved = text_if_readable(aside).value_or("");
  if (moved != judged) {
    // Another observer was faster and this is its fresh claim: back with it, unless a third one has
    // claimed in between, in which case its holder sees the loss.
    (void)!::link(aside.c_str(), path.c_str());
    ::unlink(aside.c_str());
    return std::nullopt;
  }
  ::unlink(aside.c_str());
  sights_.erase(sight);
  return claim_from(moved).value_or(ClaimContent{});
}

}  // namespace isoloss
