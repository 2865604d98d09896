// A folder for what a command writes on its way, removed at its end.
#pragma once
#include <filesystem>
#include <string>

namespace isoloss {

class TemporaryFolder {
 public:
  // WorkError, which says what to do about it, where `within` cannot be written.
  explicit TemporaryFolder(const std::filesystem::path& within,
                           const std::string& otherwise = "give another by --folder");
  ~TemporaryFolder();
  TemporaryFolder(const TemporaryFolder&) = delete;
  TemporaryFolder& operator=(const TemporaryFolder&) = delete;

  const std::filesystem::path& path() const { return path_; }

 private:
  std::filesystem::path path_;
};

}  // namespace isoloss
