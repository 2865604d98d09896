#include "results/task_scores_file.h"

#include <fmt/format.h>

#include <charconv>
#include <system_error>

#include "model/spec/error.h"
#include "results/durable_file.h"
#include "results/folder_entries.h"
#include "results/set_aside.h"
#include "results/task_scores_fields.h"

namespace isoloss {

namespace fs = std::filesystem;

namespace {

void check_name(const char* what, const std::string& name) {
  if (!names_a_dataset(name) || name == "..")
    throw InputError(
        fmt::format("cannot store scores of {} '{}' (no file can have that name); "
                    "name it without /",
                    what, name));
}

}  // namespace

fs::path task_scores_path(const StudyFolder& folder, const TaskScores& scores) {
  check_name("trial", scores.trial);
  check_name("profile", scores.profile);
  check_name("task", scores.task);
  return folder.scores() / scores.trial /
         fmt::format("{}.{}.{}.h5", scores.profile, scores.task, scores.step);
}

std::optional<ScoresName> named_by_path(const fs::path& path) {
  const std::string stem = path.stem();
  const std::size_t first = stem.find('.'), last = stem.rfind('.');
  if (path.extension() != ".h5" || first == std::string::npos || last <= first + 1)
    return std::nullopt;
  ScoresName name{path.parent_path().filename(), stem.substr(0, first),
                  stem.substr(first + 1, last - first - 1)};
  const char* end = stem.data() + stem.size();
  const auto [stopped, problem] = std::from_chars(stem.data() + last + 1, end, name.step);
  if (problem != std::errc() || stopped != end) return std::nullopt;
  return name;
}

void check_task_scores(const StudyFolder& folder, const fs::path& path) {
  const fs::path place = task_scores_path(folder, read_task_scores(path));
  if (place != path)
    throw InputError(
        fmt::format("cannot take {} (it holds the scores of {}); move it back or "
                    "remove it",
                    path.string(), place.lexically_relative(folder.scores()).string()));
}

std::vector<fs::path> task_scores_files(const StudyFolder& folder) {
  std::vector<fs::path> files;
  for (const fs::path& trial : files_in(folder.scores())) {
    if (!fs::is_directory(trial)) continue;
    for (const fs::path& path : files_in(trial))
      if (path.extension() == ".h5" && !is_temporary(path) && !is_set_aside(path))
        files.push_back(path);
  }
  return files;
}

}  // namespace isoloss
