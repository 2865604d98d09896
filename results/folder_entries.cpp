#include "results/folder_entries.h"

#include <algorithm>
#include <system_error>

#include "results/unread_error.h"

namespace isoloss {

namespace fs = std::filesystem;

std::vector<fs::path> files_in(const fs::path& folder) {
  std::vector<fs::path> paths;
  std::error_code failure;
  for (fs::directory_iterator next(folder, failure), end; !failure && next != end;
       next.increment(failure))
    paths.push_back(next->path());
  if (failure && failure != std::errc::no_such_file_or_directory)
    throw UnreadError("cannot read " + folder.string() + " (" + failure.message() +
                      "); check the path and its permissions");
  std::ranges::sort(paths);
  return paths;
}

}  // namespace isoloss
