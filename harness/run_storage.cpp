#include "harness/run_storage.h"

#include <mutex>
#include <system_error>
#include <utility>

#include "harness/progress/run_progress.h"
#include "results/run_file.h"
#include "results/task_scores_file.h"

namespace isoloss {
namespace {

std::mutex& hdf5_lock() {
  static std::mutex lock;
  return lock;
}

}  // namespace

void store_run_file(const std::filesystem::path& path, const RunRecord& record) {
  const std::lock_guard guard(hdf5_lock());
  write_run_file(path, record);
}

std::optional<RunRecord> load_run(const StudyFolder& folder, const std::string& id) {
  const std::lock_guard guard(hdf5_lock());
  return read_run(folder, id);
}

void store_task_scores(const StudyFolder& folder, const TaskScores& scores) {
  const std::lock_guard guard(hdf5_lock());
  write_task_scores(task_scores_path(folder, scores), scores);
}

std::vector<RunProgress> StudyReader::progress(const StudyPlan& plan) {
  std::vector<RunProgress> result;
  for (const PlannedRun& run : plan.runs) {
    std::error_code absent;
    if (!std::filesystem::exists(folder_.run(run.id), absent)) continue;
    const auto path = folder_.run_file(run.id);
    const auto written = std::filesystem::last_write_time(path, absent);
    if (absent) {
      result.push_back(run_progress(folder_, run.id, nullptr));
      continue;
    }
    const auto size = std::filesystem::file_size(path, absent);
    auto reading = readings_.find(run.id);
    if (reading == readings_.end() || reading->second.written != written ||
        reading->second.size != size) {
      const std::lock_guard guard(hdf5_lock());
      RunRecord record = read_run_file(path);
      record.steps.clear();
      record.steps.shrink_to_fit();
      for (Evaluation& evaluation : record.evaluations) evaluation.sequence_losses = {};
      reading = readings_.insert_or_assign(run.id, Reading{written, size, std::move(record)}).first;
    }
    result.push_back(run_progress(folder_, run.id, &reading->second.record));
  }
  return result;
}

std::vector<SearchDecision> StudyReader::decisions() const {
  std::vector<SearchDecision> result;
  for (const Decision& decision : read_decisions(folder_)) {
    result.push_back(search_decision(decision));
  }
  return result;
}

}  // namespace isoloss
