// Reading and writing of run files in a process with several threads: the HDF5 library is not made
// for that, so all calls go through one lock. Readings are remembered until the file changes.
#pragma once
#include <cstdint>
#include <filesystem>
#include <functional>
#include <map>
#include <optional>
#include <string>
#include <vector>

#include "results/run_record.h"
#include "results/study_folder.h"
#include "results/task_scores.h"
#include "sweeps/plan.h"
#include "sweeps/schedule.h"

namespace isoloss {

// write_run_file (results/run_file.h) behind the lock.
void store_run_file(const std::filesystem::path& path, const RunRecord& record);
// read_run (results/study_folder.h) and read_usable_run (results/usable_run.h) behind the lock.
std::optional<RunRecord> load_run(const StudyFolder& folder, const std::string& id);
std::optional<RunRecord> load_usable_run(const StudyFolder& folder, const std::string& id,
                                         const std::function<void(const std::string&)>& warn);

// write_task_scores (results/task_scores_file.h) in the scores' place, behind the lock.
void store_task_scores(const StudyFolder& folder, const TaskScores& scores);

// What the run files of a study say, for the scheduler. Journals are left out: a run's file is
// written at each checkpoint and at the end of each work item, which is where work can go on.
class StudyReader {
 public:
  explicit StudyReader(StudyFolder folder) : folder_(std::move(folder)) {}

  // One entry for each run of the plan that has begun; where a file of it cannot be used, that is
  // all its entry says.
  std::vector<RunProgress> progress(const StudyPlan& plan);
  std::vector<SearchDecision> decisions() const;

 private:
  RunProgress progress_of(const std::string& id);

  struct Reading {
    std::filesystem::file_time_type written;
    std::uintmax_t size = 0;
    RunRecord record;  // without its step curve
  };
  StudyFolder folder_;
  std::map<std::string, Reading> readings_;
};

}  // namespace isoloss
