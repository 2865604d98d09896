#include "harness/cli/temporary_folder.h"

#include <fmt/format.h>
#include <stdlib.h>

#include <system_error>

#include "model/spec/error.h"

namespace isoloss {

TemporaryFolder::TemporaryFolder(const std::filesystem::path& within,
                                 const std::string& otherwise) {
  std::string pattern = (within / "isoloss-bench-XXXXXX").string();
  if (::mkdtemp(pattern.data()) == nullptr) {
    throw WorkError(fmt::format("cannot write into {} (no such folder, or no permission); {}",
                                within.string(), otherwise));
  }
  path_ = pattern;
}

TemporaryFolder::~TemporaryFolder() {
  std::error_code ignored;
  std::filesystem::remove_all(path_, ignored);
}

}  // namespace isoloss
