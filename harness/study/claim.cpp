#include "harness/study/claim.h"

#include <fcntl.h>
#include <fmt/format.h>
#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <cstring>
#include <utility>

#include "harness/ranks/stop_signal.h"
#include "harness/study/supervised.h"
#include "model/spec/error.h"
#include "results/durable_file.h"

namespace isoloss {
namespace {

constexpr std::chrono::milliseconds kLookForSignalEvery{50};

bool same_file(int file, const std::filesystem::path& path) {
  struct stat open_file {
  }, named_file{};
  return ::fstat(file, &open_file) == 0 && ::stat(path.c_str(), &named_file) == 0 &&
         open_file.st_dev == named_file.st_dev && open_file.st_ino == named_file.st_ino;
}

bool put(int file, const std::string& text) {
  return ::pwrite(file, text.data(), text.size(), 0) == static_cast<ssize_t>(text.size());
}

}  // namespace

std::string death_of(const ClaimContent& claim) {
  const std::string death =
      fmt::format("process {} (rank {}) died while training", claim.process.pid, claim.rank);
  if (claim.signal == 0) return death;
  const char* name = ::sigabbrev_np(claim.signal);
  return fmt::format(
      "{} ({})", death,
      name == nullptr ? fmt::format("signal {}", claim.signal) : fmt::format("SIG{}", name));
}

std::unique_ptr<Claim> Claim::take(const std::filesystem::path& path, std::int64_t rank,
                                   Interval beat_every, std::function<void()> after_beat) {
  // Written beside and linked into place, so that nobody ever sees a claim without content.
  std::error_code seen_by_open;
  std::filesystem::create_directories(path.parent_path(), seen_by_open);
  const auto temporary = temporary_beside(path);
  const int file = ::open(temporary.c_str(), O_CREAT | O_EXCL | O_RDWR | O_CLOEXEC, 0644);
  const ClaimContent content{this_process(), rank, 0, supervisor_name()};
  const bool written = file >= 0 && put(file, claim_text(content)) && ::fdatasync(file) == 0;
  const bool linked = written && ::link(temporary.c_str(), path.c_str()) == 0;
  const int error = errno;
  ::unlink(temporary.c_str());
  if (linked)
    return std::unique_ptr<Claim>(
        new Claim(path, file, content, beat_every, std::move(after_beat)));
  if (file >= 0) ::close(file);
  if (written && error == EEXIST) return nullptr;
  throw WorkError(
      fmt::format("cannot claim {} ({}); free space or correct the permissions and run "
                  "again",
                  path.string(), std::strerror(error)));
}

Claim::Claim(std::filesystem::path path, int file, ClaimContent content, Interval beat_every,
             std::function<void()> after_beat)
    : path_(std::move(path)),
      file_(file),
      content_(std::move(content)),
      mark_(std::in_place, file_, claim_text(content_)),
      after_beat_(std::move(after_beat)),
      beating_([this, beat_every] { beat(beat_every); }) {}

Claim::~Claim() {
  {
    const std::lock_guard lock(mutex_);
    ending_ = true;
  }
  ended_.notify_all();
  beating_.join();
  mark_.reset();
  if (same_file(file_, path_)) ::unlink(path_.c_str());
  ::close(file_);
}

void Claim::give_up() {
  const bool own = held();
  lost_ = true;
  if (own) ::unlink(path_.c_str());
}

bool Claim::held() const { return !lost_ && same_file(file_, path_); }

// What a handler wrote meanwhile (claim_mark.h) is not lost in it.
bool Claim::put_beat(const std::atomic<bool>& signalled) {
  do {
    content_.leaving = signalled;
    content_.signal = crash_signal();
    if (!put(file_, claim_text(content_))) return false;
  } while (content_.leaving != signalled || content_.signal != crash_signal());
  return true;
}

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
    ++content_.beat;
    const bool written = put_beat(signalled) && ::fdatasync(file_) == 0;
    // Somebody who took this claim for expired by mistake puts it back at once: one miss may be
    // that.
    misses = same_file(file_, path_) ? 0 : misses + 1;
    if (misses >= 2) lost_ = true;
    if (written && after_beat_) after_beat_();
  }
}

}  // namespace isoloss
