#include "results/task_scores_file.h"

#include <fmt/format.h>

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
