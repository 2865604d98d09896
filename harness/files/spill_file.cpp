#include "harness/files/spill_file.h"

#include <fcntl.h>
#include <unistd.h>

#include <cerrno>
#include <utility>

#include "results/durable_file.h"

namespace isoloss {
namespace {

constexpr std::size_t kPending = std::size_t{1} << 16;

}  // namespace

SpillFile::SpillFile(std::filesystem::path beside) : beside_(std::move(beside)) {
  std::error_code ignored;  // opening tells what is wrong
  if (beside_.has_parent_path())
    std::filesystem::create_directories(beside_.parent_path(), ignored);
  const std::filesystem::path name = temporary_beside(beside_);
  file_ = ::open(name.c_str(), O_RDWR | O_CREAT | O_EXCL | O_CLOEXEC, 0600);
  if (file_ < 0) throw_write_error(beside_, errno);
  ::unlink(name.c_str());
}

SpillFile::~SpillFile() {
  if (file_ >= 0) ::close(file_);
}

SpillFile::SpillFile(SpillFile&& other) noexcept
    : beside_(std::move(other.beside_)),
      file_(std::exchange(other.file_, -1)),
      written_(other.written_),
      pending_(std::move(other.pending_)) {}

void SpillFile::append(std::string_view bytes) {
  pending_ += bytes;
  if (pending_.size() >= kPending) flush();
}

void SpillFile::flush() {
  if (::lseek(file_, static_cast<off_t>(written_), SEEK_SET) < 0) throw_write_error(beside_, errno);
  write_all(file_, beside_, pending_);
  written_ += pending_.size();
  pending_.clear();
}

void SpillFile::read(std::uint64_t offset, std::span<char> out) {
  if (!pending_.empty()) flush();
  while (!out.empty()) {
    const ssize_t count = ::pread(file_, out.data(), out.size(), static_cast<off_t>(offset));
    if (count < 0 && errno == EINTR) continue;
    if (count <= 0) throw_write_error(beside_, count < 0 ? errno : EIO);
    offset += static_cast<std::uint64_t>(count);
    out = out.subspan(static_cast<std::size_t>(count));
  }
}

}  // namespace isoloss
