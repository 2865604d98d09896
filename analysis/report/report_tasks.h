// What the report says of one-shot tasks, gathered once: the files of scores of the study's
// folders, and every task's points, laws and hold-out.
#pragma once
#include <filesystem>
#include <string>
#include <vector>

#include "analysis/report/report.h"
#include "analysis/scores/accuracy_fit.h"
#include "analysis/scores/accuracy_hold_out.h"
#include "analysis/scores/accuracy_points.h"
#include "results/task_scores.h"

namespace isoloss {

struct StudyTask {
  AccuracyTask data;
  AccuracyFit fit;
  AccuracyHoldOut held_out;
};

// A file of scores that is damaged or cannot be read, and why, the file named.
struct UnreadScores {
  std::filesystem::path file;
  std::string why;
};

struct StudyScores {
  std::vector<TaskScores> scores;
  std::vector<UnreadScores> unread;
};

// Every file of scores in the folders, one of each model, task, profile and step, without the rows
// of choices.
StudyScores read_study_scores(const std::vector<std::filesystem::path>& sources);

std::vector<StudyTask> study_tasks(const PointTable& results, const std::vector<TaskScores>& scores,
                                   const ReportOptions& options);

}  // namespace isoloss
