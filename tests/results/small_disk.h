// A disk of 256 KiB for tests of full and read-only disks: a tmpfs in a mount namespace of this
// process, so that nothing of it is seen outside or stays behind. Needs the right to mount; says
// why where it fails.
#pragma once
#include <sched.h>
#include <sys/mount.h>

#include <cerrno>
#include <cstring>
#include <filesystem>
#include <string>

namespace isoloss {

class SmallDisk {
 public:
  static constexpr std::size_t kBytes = 1 << 18;

  explicit SmallDisk(std::filesystem::path path) : path_(std::move(path)) {
    std::filesystem::create_directories(path_);
    if (::unshare(CLONE_NEWNS) != 0 ||
        ::mount("none", "/", nullptr, MS_REC | MS_PRIVATE, nullptr) != 0 ||
        ::mount("isoloss", path_.c_str(), "tmpfs", 0, "size=256k") != 0)
      why_not_ = std::string("no small disk could be mounted: ") + std::strerror(errno);
  }
  ~SmallDisk() {
    if (mounted()) ::umount2(path_.c_str(), MNT_DETACH);
  }
  SmallDisk(const SmallDisk&) = delete;
  SmallDisk& operator=(const SmallDisk&) = delete;

  bool mounted() const { return why_not_.empty(); }
  const std::string& why_not() const { return why_not_; }
  const std::filesystem::path& path() const { return path_; }

  // To so many bytes, as tmpfs says them ("64m"), what is stored included; false where it refuses.
  bool resize(const std::string& size) {
    return ::mount("isoloss", path_.c_str(), "tmpfs", MS_REMOUNT, ("size=" + size).c_str()) == 0;
  }
  bool set_read_only(bool yes) {
    return ::mount("isoloss", path_.c_str(), "tmpfs", MS_REMOUNT | (yes ? MS_RDONLY : 0),
                   nullptr) == 0;
  }

 private:
  std::filesystem::path path_;
  std::string why_not_;
};

}  // namespace isoloss
