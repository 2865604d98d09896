// A folder of a test's own: empty, under the system's folder for such (TMPDIR), and removed at its
// end with whatever is in it then. Where none can be made the test program ends and says so.
#pragma once
#include <stdlib.h>

#include <cerrno>
#include <cstdio>
#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <string>
#include <system_error>
#include <utility>

namespace isoloss::test {

class TemporaryFolder {
 public:
  TemporaryFolder() {
    std::error_code problem;
    std::string pattern =
        (std::filesystem::temp_directory_path(problem) / "isoloss-test-XXXXXX").string();
    if (!problem && ::mkdtemp(pattern.data()) == nullptr)
      problem = std::error_code(errno, std::generic_category());
    if (problem) {
      std::fprintf(stderr, "%s: no folder for a test (%s); set TMPDIR\n", pattern.c_str(),
                   problem.message().c_str());
      std::abort();
    }
    path_ = pattern;
  }
  TemporaryFolder(TemporaryFolder&& other) noexcept : path_(std::exchange(other.path_, {})) {}
  ~TemporaryFolder() {
    std::error_code ignored;
    if (!path_.empty()) std::filesystem::remove_all(path_, ignored);
  }
  TemporaryFolder(const TemporaryFolder&) = delete;
  TemporaryFolder& operator=(const TemporaryFolder&) = delete;

  const std::filesystem::path& path() const { return path_; }
  std::filesystem::path operator/(const std::filesystem::path& name) const { return path_ / name; }

  // The file of that name in it, with folders on the way to it.
  std::filesystem::path write(const std::filesystem::path& name, const std::string& text) const {
    std::filesystem::create_directories((path_ / name).parent_path());
    std::ofstream(path_ / name, std::ios::binary) << text;
    return path_ / name;
  }

 private:
  std::filesystem::path path_;
};

}  // namespace isoloss::test
