#include "harness/claim.h"

#include <fcntl.h>
#include <fmt/format.h>
#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <cstring>
#include <fstream>
#include <iterator>
#include <nlohmann/json.hpp>
#include <utility>

#include "harness/stop_signal.h"
#include "harness/supervised.h"
#include "model/spec/error.h"
#include "results/durable_file.h"

namespace isoloss {
namespace {

constexpr std::chrono::milliseconds kLookForSignalEvery{50};

// What changes is padded with blanks, so that every beat rewrites the file in its own length.
std::string as_text(const ClaimContent& content) {
  const nlohmann::ordered_json head = {{"host", content.process.host},
                                       {"pid", content.process.pid},
                                       {"started", content.process.started},
                                       {"rank", content.rank},
                                       {"supervisor", content.supervisor}};
  std::string text = head.dump();
  text.back() = ',';
  return fmt::format("{}\"leaving\":{:>5},\"beat\":{:>20}}}\n", text, content.leaving,
                     content.beat);
}

std::string raw_text(const std::filesystem::path& path) {
  std::ifstream file(path, std::ios::binary);
  return {std::istreambuf_iterator<char>(file), std::istreambuf_iterator<char>()};
}

std::optional<ClaimContent> parse(const std::string& text) {
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

bool same_file(int file, const std::filesystem::path& path) {
  struct stat open_file {
  }, named_file{};
  return ::fstat(file, &open_file) == 0 && ::stat(path.c_str(), &named_file) == 0 &&
         open_file.st_dev == named_file.st_dev && open_file.st_ino == named_file.st_ino;
}

bool write_claim(int file, const std::string& text) {
  return ::pwrite(file, text.data(), text.size(), 0) == static_cast<ssize_t>(text.size()) &&
         ::fdatasync(file) == 0;
}

}  // namespace

std::optional<ClaimContent> read_claim(const std::filesystem::path& path) {
  return parse(raw_text(path));
}

std::string death_of(const ClaimContent& claim) {
  return fmt::format("process {} (rank {}) died while training", claim.process.pid, claim.rank);
}

std::unique_ptr<Claim> Claim::take(const std::filesystem::path& path, std::int64_t rank,
                                   Interval beat_every) {
  // Written beside and linked into place, so that nobody ever sees a claim without content.
  std::error_code seen_by_open;
  std::filesystem::create_directories(path.parent_path(), seen_by_open);
  const auto temporary = temporary_beside(path);
  const int file = ::open(temporary.c_str(), O_CREAT | O_EXCL | O_RDWR | O_CLOEXEC, 0644);
  const ClaimContent content{this_process(), rank, 0, supervisor_name()};
  const bool written = file >= 0 && write_claim(file, as_text(content));
  const bool linked = written && ::link(temporary.c_str(), path.c_str()) == 0;
  const int error = errno;
  ::unlink(temporary.c_str());
  if (linked) return std::unique_ptr<Claim>(new Claim(path, file, content, beat_every));
  if (file >= 0) ::close(file);
  if (written && error == EEXIST) return nullptr;
  throw WorkError(
      fmt::format("cannot claim {} ({}); free space or correct the permissions and run "
                  "again",
                  path.string(), std::strerror(error)));
}

Claim::Claim(std::filesystem::path path, int file, ClaimContent content, Interval beat_every)
    : path_(std::move(path)),
      file_(file),
      content_(std::move(content)),
      beating_([this, beat_every] { beat(beat_every); }) {}

Claim::~Claim() {
  {
    const std::lock_guard lock(mutex_);
    ending_ = true;
  }
  ended_.notify_all();
  beating_.join();
  if (same_file(file_, path_)) ::unlink(path_.c_str());
  ::close(file_);
}

void Claim::give_up() {
  const bool own = held();
  lost_ = true;
  if (own) ::unlink(path_.c_str());
}

bool Claim::held() const { return !lost_ && same_file(file_, path_); }

void Claim::beat(Interval every) {
  const std::atomic<bool>& signalled = stop_signalled();
  int misses = 0;
  auto due = std::chrono::steady_clock::now() + every;
  std::unique_lock lock(mutex_);
  while (!ended_.wait_for(lock, std::min(every, kLookForSignalEvery), [this] { return ending_; })) {
    const auto now = std::chrono::steady_clock::now();
    const bool asked_just_now = signalled && !content_.leaving;
    if (now < due && !asked_just_now) continue;
    due = now + every;
    content_.leaving = signalled;
    ++content_.beat;
    write_claim(file_, as_text(content_));
    // Somebody who took this claim for expired by mistake puts it back at once: one miss may be
    // that.
    misses = same_file(file_, path_) ? 0 : misses + 1;
    if (misses >= 2) lost_ = true;
  }
}

ClaimObserver::State ClaimObserver::look(const std::filesystem::path& path) {
  std::error_code ignored;
  if (!std::filesystem::exists(path, ignored)) {
    sights_.erase(path);
    return State::Free;
  }
  const std::string content = raw_text(path);
  const auto now = std::chrono::steady_clock::now();
  auto& sight = sights_.try_emplace(path, Sight{content, now}).first->second;
  if (sight.content != content) sight = {content, now};
  const auto claim = parse(content);
  if (claim && certainly_dead(claim->process)) return State::Expired;
  return now - sight.since >= patience_ ? State::Expired : State::Held;
}

std::optional<ClaimContent> ClaimObserver::remove_expired(const std::filesystem::path& path) {
  const auto sight = sights_.find(path);
  if (sight == sights_.end()) return std::nullopt;
  const std::string judged = sight->second.content;
  if (raw_text(path) != judged) return std::nullopt;
  const auto aside = temporary_beside(path);
  if (::rename(path.c_str(), aside.c_str()) != 0) return std::nullopt;
  const std::string moved = raw_text(aside);
  if (moved != judged) {
    // Another observer was faster and this is its fresh claim: back with it, unless a third one has
    // claimed in between, in which case its holder sees the loss.
    (void)!::link(aside.c_str(), path.c_str());
    ::unlink(aside.c_str());
    return std::nullopt;
  }
  ::unlink(aside.c_str());
  sights_.erase(sight);
  return parse(moved).value_or(ClaimContent{});
}

}  // namespace isoloss
