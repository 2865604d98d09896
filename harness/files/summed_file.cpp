#include "harness/files/summed_file.h"

#include <fcntl.h>
#include <unistd.h>
#include <xxhash.h>

#include <cerrno>
#include <system_error>

#include "results/durable_file.h"

namespace isoloss {

struct SummedFile::Open {
  std::filesystem::path path, temporary;
  int file = -1;
  std::unique_ptr<XXH3_state_t, decltype(&XXH3_freeState)> state{XXH3_createState(),
                                                                 &XXH3_freeState};
};

SummedFile::SummedFile(const std::filesystem::path& path) : open_(std::make_unique<Open>()) {
  open_->path = path;
  open_->temporary = temporary_beside(path);
  std::error_code failure;
  if (path.has_parent_path()) std::filesystem::create_directories(path.parent_path(), failure);
  if (failure) throw_write_error(path, failure.value());
  open_->file = ::open(open_->temporary.c_str(), O_RDWR | O_CREAT | O_EXCL | O_CLOEXEC, 0666);
  if (open_->file < 0) throw_write_error(path, errno);
  XXH3_64bits_reset(open_->state.get());
}

SummedFile::~SummedFile() {
  if (open_->file >= 0) ::close(open_->file);
  if (!open_->temporary.empty()) ::unlink(open_->temporary.c_str());
}

void SummedFile::write(std::string_view bytes) {
  sum(bytes);
  write_unsummed(bytes);
}

void SummedFile::write_unsummed(std::string_view bytes) {
  write_all(open_->file, open_->path, bytes);
}

void SummedFile::overwrite_unsummed(std::uint64_t place, std::string_view bytes) {
  if (::lseek(open_->file, static_cast<off_t>(place), SEEK_SET) < 0)
    throw_write_error(open_->path, errno);
  write_unsummed(bytes);
  if (::lseek(open_->file, 0, SEEK_END) < 0) throw_write_error(open_->path, errno);
}

void SummedFile::sum(std::string_view bytes) {
  XXH3_64bits_update(open_->state.get(), bytes.data(), bytes.size());
}

std::uint64_t SummedFile::checksum() const { return XXH3_64bits_digest(open_->state.get()); }

void SummedFile::commit() {
  const std::filesystem::path temporary = std::move(open_->temporary);
  open_->temporary.clear();  // commit_file removes it where it fails
  commit_file(temporary, open_->path);
}

}  // namespace isoloss
