#include "analysis/report/report_tasks.h"

#include <algorithm>
#include <set>
#include <tuple>

#include "model/spec/error.h"
#include "results/study_folder.h"
#include "results/task_scores_file.h"

namespace isoloss {
namespace {

constexpr int kMostTaskDraws = 200, kHoldOutDraws = 50;

}  // namespace

StudyScores read_study_scores(const std::vector<std::filesystem::path>& sources) {
  StudyScores out;
  std::set<std::tuple<std::string, std::string, std::string, std::int64_t>> seen;
  for (const std::filesystem::path& source : sources) {
    if (!std::filesystem::is_directory(source)) continue;
    for (const std::filesystem::path& file : task_scores_files({source})) {
      try {
        TaskScores scores = read_task_scores(file);
        if (!seen.emplace(scores.trial, scores.task, scores.profile, scores.step).second) continue;
        scores.rows.clear();
        scores.rows.shrink_to_fit();
        out.scores.push_back(std::move(scores));
      } catch (const InputError& error) {
        out.unread.push_back({file, error.what()});
      }
    }
  }
  return out;
}

std::vector<StudyTask> study_tasks(const PointTable& results, const std::vector<TaskScores>& scores,
                                   const ReportOptions& options) {
  std::vector<StudyTask> out;
  AccuracyOptions fit;
  fit.draws = std::min(options.bootstrap, kMostTaskDraws);
  fit.seed = options.seed;
  AccuracyOptions held_out = fit;
  held_out.draws = std::min(fit.draws, kHoldOutDraws);
  for (AccuracyTask& task : accuracy_tasks(results, scores)) {
    StudyTask one;
    one.fit = fit_accuracy(task, fit);
    one.held_out = hold_out_accuracy(task, held_out);
    one.data = std::move(task);
    out.push_back(std::move(one));
  }
  return out;
}

}  // namespace isoloss
