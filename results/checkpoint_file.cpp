#include "results/checkpoint_file.h"

#include <fcntl.h>
#include <unistd.h>
#include <xxhash.h>

#include <algorithm>
#include <cerrno>
#include <cstring>
#include <memory>
#include <string_view>
#include <system_error>
#include <vector>

#include "results/unread_error.h"

namespace isoloss {
namespace {

constexpr std::size_t kBlock = std::size_t{1} << 20;

}  // namespace

CheckpointFile::CheckpointFile(const std::filesystem::path& path, const std::string& run) {
  file_ = ::open(path.c_str(), O_RDONLY | O_CLOEXEC);
  if (file_ < 0) throw UnreadError(std::generic_category().message(errno));
  try {
    check(run);
  } catch (...) {
    ::close(file_);
    throw;
  }
}

CheckpointFile::~CheckpointFile() { ::close(file_); }

void CheckpointFile::read(std::uint64_t place, std::span<std::byte> to) const {
  while (!to.empty()) {
    const ssize_t got = ::pread(file_, to.data(), to.size(), static_cast<off_t>(place));
    if (got < 0 && errno == EINTR) continue;
    if (got < 0) throw UnreadError(std::generic_category().message(errno));
    if (got == 0) throw InputError("it is truncated");
    to = to.subspan(static_cast<std::size_t>(got));
    place += static_cast<std::uint64_t>(got);
  }
}

void CheckpointFile::check(const std::string& run) {
  const auto u64_from = [this](std::uint64_t place) {
    std::uint64_t value = 0;
    read(place, std::as_writable_bytes(std::span(&value, 1)));
    return value;
  };
  const off_t end = ::lseek(file_, 0, SEEK_END);
  if (end < 0) throw UnreadError(std::generic_category().message(errno));
  constexpr std::uint64_t kSum = sizeof(std::uint64_t);
  if (end < static_cast<off_t>(sizeof frame_ + kSum)) throw InputError("it is truncated");
  const std::uint64_t body = static_cast<std::uint64_t>(end) - kSum;
  read(0, std::as_writable_bytes(std::span(&frame_, 1)));
  if (std::string_view(frame_.magic, sizeof frame_.magic) != kCheckpointMagic)
    throw InputError("it is no checkpoint");
  if (u64_from(body) != sum(body)) throw InputError("its checksum is wrong");
  if (frame_.version < 1 || frame_.version > kCheckpointVersion)
    throw UnreadError("it is of version " + std::to_string(frame_.version) +
                      ", and versions 1 to " + std::to_string(kCheckpointVersion) + " are known");
  weights_at_ = sizeof frame_;
  if (frame_.version > 1) {
    const std::uint64_t size = u64_from(weights_at_);
    weights_at_ += sizeof size;
    if (size > body - weights_at_) throw InputError("its sizes disagree");
    std::string list(size, '\0');
    read(weights_at_, std::as_writable_bytes(std::span(list)));
    weights_at_ += size;
    tensors_ = nlohmann::json::parse(list, nullptr, false);
  }
  if (body != weights_at_ + frame_.weight_bytes + frame_.state_bytes)
    throw InputError("its sizes disagree");
  const std::string named(frame_.run, ::strnlen(frame_.run, sizeof frame_.run));
  if (named != run) throw InputError("it is of run " + named);
}

// XXH3-64 of the first `count` bytes.
std::uint64_t CheckpointFile::sum(std::uint64_t count) const {
  const std::unique_ptr<XXH3_state_t, decltype(&XXH3_freeState)> state(XXH3_createState(),
                                                                       &XXH3_freeState);
  XXH3_64bits_reset(state.get());
  std::vector<std::byte> block(kBlock);
  for (std::uint64_t at = 0; at < count; at += kBlock) {
    const auto part = std::span(block).first(std::min<std::uint64_t>(kBlock, count - at));
    read(at, part);
    XXH3_64bits_update(state.get(), part.data(), part.size());
  }
  return XXH3_64bits_digest(state.get());
}

}  // namespace isoloss
