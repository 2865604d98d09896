#include "results/durable_file.h"

#include <fcntl.h>
#include <signal.h>
#include <sys/stat.h>
#include <unistd.h>

#include <array>
#include <atomic>
#include <cerrno>
#include <charconv>
#include <limits>
#include <optional>
#include <system_error>

#include "model/spec/error.h"
#include "results/unread_error.h"

namespace isoloss {

namespace fs = std::filesystem;

namespace {

constexpr std::string_view kTemporaryMark = ".tmp-";

std::string host_name() {
  std::array<char, 256> host{};
  if (::gethostname(host.data(), host.size() - 1) != 0) return "host";
  return host.data();
}

struct Maker {
  std::string host;
  pid_t process = 0;
};

// Takes `-NUMBER` off the end of a text; absent where it does not end so.
std::optional<long> number_off(std::string_view& text) {
  const std::size_t dash = text.rfind('-');
  if (dash == std::string_view::npos) return std::nullopt;
  const char* end = text.data() + text.size();
  unsigned number = 0;
  const auto [stop, status] = std::from_chars(text.data() + dash + 1, end, number);
  if (status != std::errc() || stop != end) return std::nullopt;
  text.remove_suffix(text.size() - dash);
  return number;
}

// Who made a file by its name FILE.tmp-HOST-PID-N; absent where the name has another form.
std::optional<Maker> maker_named(const fs::path& path) {
  const std::string name = path.filename().string();
  const std::size_t mark = name.rfind(kTemporaryMark);
  if (mark == std::string::npos || mark == 0) return std::nullopt;
  std::string_view rest = std::string_view(name).substr(mark + kTemporaryMark.size());
  if (!number_off(rest)) return std::nullopt;
  const std::optional<long> process = number_off(rest);
  if (!process || *process < 1 || *process > std::numeric_limits<pid_t>::max() || rest.empty())
    return std::nullopt;
  return Maker{std::string(rest), static_cast<pid_t>(*process)};
}

// Closes on every way out; `release` hands the number on.
class OpenFile {
 public:
  explicit OpenFile(int file) : file_(file) {}
  ~OpenFile() {
    if (file_ >= 0) ::close(file_);
  }
  OpenFile(const OpenFile&) = delete;
  OpenFile& operator=(const OpenFile&) = delete;
  int get() const { return file_; }

 private:
  int file_;
};

// Removes a temporary on every way out but a commit.
class TemporaryFile {
 public:
  explicit TemporaryFile(fs::path path) : path_(std::move(path)) {}
  ~TemporaryFile() {
    if (!path_.empty()) ::unlink(path_.c_str());
  }
  TemporaryFile(const TemporaryFile&) = delete;
  TemporaryFile& operator=(const TemporaryFile&) = delete;
  const fs::path& path() const { return path_; }
  void keep() { path_.clear(); }

 private:
  fs::path path_;
};

std::string why(int error_number) { return std::generic_category().message(error_number); }

[[noreturn]] void throw_read_error(const fs::path& path, int error_number) {
  throw UnreadError("cannot read " + path.string() + " (" + why(error_number) +
                    "); check the path and its permissions");
}

fs::path folder_of(const fs::path& path) {
  return path.has_parent_path() ? path.parent_path() : fs::path(".");
}

void make_folder_of(const fs::path& path) {
  std::error_code failure;
  fs::create_directories(folder_of(path), failure);
  if (failure) throw_write_error(path, failure.value());
}

void sync_folder_of(const fs::path& path) {
  const OpenFile folder(::open(folder_of(path).c_str(), O_RDONLY | O_DIRECTORY | O_CLOEXEC));
  // Some file systems refuse fsync on a folder with EINVAL; they order renames themselves.
  if (folder.get() < 0 || (::fsync(folder.get()) != 0 && errno != EINVAL))
    throw_write_error(path, errno);
}

// Errors name `path`, the file the caller asked for, not the temporary.
void write_temporary(const fs::path& temporary, const fs::path& path, std::string_view content) {
  const OpenFile file(::open(temporary.c_str(), O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0666));
  if (file.get() < 0) throw_write_error(path, errno);
  write_all(file.get(), path, content);
  if (::fsync(file.get()) != 0) throw_write_error(path, errno);
}

// A synced temporary becomes `path`, where no device, pipe or folder stands.
void commit(TemporaryFile& temporary, const fs::path& path) {
  struct stat there {};
  if (::stat(path.c_str(), &there) == 0 && !S_ISREG(there.st_mode)) throw_write_error(path, EEXIST);
  if (::rename(temporary.path().c_str(), path.c_str()) != 0) throw_write_error(path, errno);
  temporary.keep();
  sync_folder_of(path);
}

}  // namespace

void throw_write_error(const fs::path& path, int error_number) {
  const bool full = error_number == ENOSPC || error_number == EDQUOT || error_number == EFBIG;
  throw WorkError("cannot write " + path.string() + " (" + why(error_number) + "); " +
                  (full ? "free space and run again"
                        : "make its folder writable, or choose another, and run again"));
}

void write_all(int file, const fs::path& path, std::string_view content) {
  while (!content.empty()) {
    const ssize_t written = ::write(file, content.data(), content.size());
    if (written < 0 && errno == EINTR) continue;
    if (written < 0) throw_write_error(path, errno);
    content.remove_prefix(static_cast<std::size_t>(written));
  }
}

fs::path temporary_beside(const fs::path& path) {
  static std::atomic<unsigned> next{0};
  return path.string() + std::string(kTemporaryMark) + host_name() + "-" +
         std::to_string(::getpid()) + "-" + std::to_string(next++);
}

bool is_temporary(const fs::path& path) { return maker_named(path).has_value(); }

TemporaryMaker maker_of_temporary(const fs::path& path) {
  const auto maker = maker_named(path);
  if (!maker || maker->host != host_name()) return TemporaryMaker::Unknown;
  return ::kill(maker->process, 0) != 0 && errno == ESRCH ? TemporaryMaker::Dead
                                                          : TemporaryMaker::Living;
}

void copy_durably(const fs::path& from, const fs::path& to) {
  make_folder_of(to);
  if (fs::exists(to)) throw_write_error(to, EEXIST);
  const OpenFile source(::open(from.c_str(), O_RDONLY | O_CLOEXEC));
  if (source.get() < 0) throw_read_error(from, errno);
  TemporaryFile temporary(temporary_beside(to));
  const OpenFile file(
      ::open(temporary.path().c_str(), O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0666));
  if (file.get() < 0) throw_write_error(to, errno);
  std::string part(std::size_t{1} << 20, '\0');
  while (true) {
    const ssize_t read = ::read(source.get(), part.data(), part.size());
    if (read < 0 && errno == EINTR) continue;
    if (read < 0) throw_read_error(from, errno);
    if (read == 0) break;
    write_all(file.get(), to, std::string_view(part).substr(0, static_cast<std::size_t>(read)));
  }
  if (::fsync(file.get()) != 0) throw_write_error(to, errno);
  commit(temporary, to);
}

void commit_file(const fs::path& temporary, const fs::path& path) {
  TemporaryFile guard(temporary);
  {
    const OpenFile file(::open(temporary.c_str(), O_RDONLY | O_CLOEXEC));
    if (file.get() < 0 || ::fsync(file.get()) != 0) throw_write_error(path, errno);
  }
  commit(guard, path);
}

void move_durably(const fs::path& from, const fs::path& to) {
  if (::rename(from.c_str(), to.c_str()) != 0) throw_write_error(to, errno);
  sync_folder_of(to);
}

void write_durably(const fs::path& path, std::string_view content) {
  make_folder_of(path);
  TemporaryFile temporary(temporary_beside(path));
  write_temporary(temporary.path(), path, content);
  commit(temporary, path);
}

bool publish_once(const fs::path& path, std::string_view content) {
  if (fs::exists(path)) return false;
  make_folder_of(path);
  const TemporaryFile temporary(temporary_beside(path));
  write_temporary(temporary.path(), path, content);
  if (::link(temporary.path().c_str(), path.c_str()) != 0) {
    const int error_number = errno;
    // Over NFS a link whose answer was lost reports a failure; the count of names tells.
    struct stat status {};
    const bool linked = ::stat(temporary.path().c_str(), &status) == 0 && status.st_nlink == 2;
    if (!linked && error_number == EEXIST) return false;
    if (!linked) throw_write_error(path, error_number);
  }
  sync_folder_of(path);
  return true;
}

std::string read_file(const fs::path& path) {
  const OpenFile file(::open(path.c_str(), O_RDONLY | O_CLOEXEC));
  if (file.get() < 0) throw_read_error(path, errno);
  std::string content;
  struct stat status {};
  if (::fstat(file.get(), &status) == 0 && status.st_size > 0)
    content.reserve(static_cast<std::size_t>(status.st_size) + 1);
  std::array<char, 1 << 16> block;
  while (true) {
    const ssize_t got = ::read(file.get(), block.data(), block.size());
    if (got < 0 && errno == EINTR) continue;
    if (got < 0) throw_read_error(path, errno);
    if (got == 0) return content;
    content.append(block.data(), static_cast<std::size_t>(got));
  }
}

}  // namespace isoloss
