// A folder for what a command writes on its way, removed at its end.
#pragma once
#include <filesystem>

namespace isoloss {

class TemporaryFolder {
 public:
  // WorkError, which names the option --folder, where `within` cannot be written.
  explicit TemporaryFolder(const std::filesystem::path& within);
  ~TemporaryFolder();
  TemporaryFolder(const TemporaryFolder&) = delete;
  TemporaryFolder& operator=(const TemporaryFolder&) = delete;

  const std::filesystem::path& path() const { return path_; }

 private:
  std::filesystem::path path_;
};

}  // namespace isoloss
