#include "harness/devices/group_notice.h"

#include <system_error>

#include "results/durable_file.h"
#include "results/folder_entries.h"

namespace isoloss {

namespace fs = std::filesystem;

FileNotice::FileNotice(const fs::path& folder, const std::string& mark)
    : path_(folder / ("group-" + mark + ".failed")) {}

void FileNotice::tell(const std::string& reason) { publish_once(path_, reason); }

std::optional<std::string> FileNotice::heard() {
  std::error_code unknown;
  if (!fs::exists(path_, unknown)) return std::nullopt;
  return read_file(path_);
}

void forget_notices(const fs::path& folder) {
  for (const fs::path& path : files_in(folder)) {
    const std::string name = path.filename().string();
    if (name.starts_with("group-") && name.ends_with(".failed")) fs::remove(path);
  }
}

}  // namespace isoloss
