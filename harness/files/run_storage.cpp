#include "harness/files/run_storage.h"

#include <mutex>
#include <system_error>
#include <utility>

#include "harness/progress/run_progress.h"
#include "model/spec/error.h"
#include "results/run_file.h"
#include "results/task_scores_file.h"
#include "results/usable_run.h"

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

std::optional<RunRecord> load_usable_run(const StudyFolder& folder, const std::string& id,
                                         const std::function<void(const std::string&)>& warn) {
  const std::lock_guard guard(hdf5_lock());
  return read_usable_run(folder, id, warn);
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
    try {
      result.push_back(progress_of(run.id));
    } catch (const InputError& problem) {
      result.push_back(unusable_run(run.id, problem.what()));
    }
  }
  return result;
}

RunProgress StudyReader::progress_of(const std::string& id) {
  std::error_code absent;
  const auto path = folder_.run_file(id);
  const auto written = std::filesystem::last_write_time(path, absent);
  if (absent) return run_progress(folder_, id, nullptr);
  const auto size = std::filesystem::file_size(path, absent);
  auto reading = readings_.find(id);
  if (reading == readings_.end() || reading->second.written != written ||
      reading->second.size != size) {
    const std::lock_guard guard(hdf5_lock());
    RunRecord record = read_run_file(path);
    record.steps.clear();
    record.steps.shrink_to_fit();
    for (Evaluation& evaluation : record.evaluations) evaluation.sequence_losses = {};
    reading = readings_.insert_or_assign(id, Reading{written, size, std::move(record)}).first;
  }
  return run_progress(folder_, id, &reading->second.record);
}

std::vector<SearchDecision> StudyReader::decisions() const {
  std::vector<SearchDecision> result;
  for (const Decision& decision : read_decisions(folder_)) {
    result.push_back(search_decision(decision));
  }
  return result;
}

}  // namespace isoloss
