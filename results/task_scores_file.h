// The HDF5 file of one model's scores on one task (schema: docs/format.md), whole or absent, sealed
// as a run file is (file_seal.h). In a study folder they lie beside the runs:
//   scores/TRIAL/PROFILE.TASK.STEP.h5
#pragma once
#include <cstdint>
#include <filesystem>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "results/study_folder.h"
#include "results/task_scores.h"

namespace isoloss {

// Where the scores lie in a study folder. InputError where trial, profile or task cannot be part of
// a file's name (empty, or with a slash).
std::filesystem::path task_scores_path(const StudyFolder& folder, const TaskScores& scores);

// Replaces `path` durably. WorkError on a full disk, where an item has not one value a metric, or
// where a metric's name cannot be a dataset's.
void write_task_scores(const std::filesystem::path& path, const TaskScores& scores);

// InputError naming the file where it is missing, truncated, foreign, damaged or of another
// version.
TaskScores read_task_scores(const std::filesystem::path& path);

// What a file's path in a study folder says that it holds, whether or not it can be read; absent
// where the name is of another form.
struct ScoresName {
  std::string trial, profile, task;
  std::int64_t step = 0;
};
std::optional<ScoresName> named_by_path(const std::filesystem::path& path);

// Reads the file and InputError where it is damaged or does not lie where task_scores_path says.
void check_task_scores(const StudyFolder& folder, const std::filesystem::path& path);

// Every file of scores in the folder, by path; none where nothing was scored. Temporaries and files
// that were set aside are left out.
std::vector<std::filesystem::path> task_scores_files(const StudyFolder& folder);

// The file's bytes; equal scores give equal bytes.
std::string task_scores_bytes(const TaskScores& scores);
// Scores from a file's bytes; `path` is for messages.
TaskScores task_scores_from(std::string_view bytes, const std::filesystem::path& path);

}  // namespace isoloss
