// What a supervisor and the processes that it starts say to each other: an environment variable one
// way, files the other way, since mpirun's exit status tells nothing reliable. Both carry the
// supervisor's name: several may train one study folder.
#pragma once
#include <optional>
#include <string>

#include "results/study_folder.h"

namespace isoloss {

// Holds the supervisor's name.
inline constexpr const char* kSupervisedVariable = "ISOLOSS_SUPERVISED";

// Whether this process was started by a supervisor, and by which: empty where by none.
bool is_supervised();
std::string supervisor_name();
// The name that this process has as a supervisor.
std::string own_supervisor_name();

// An error that concerns the whole study and that starting again would not mend.
struct StudyFailure {
  int status = 1;  // exit status that the supervisor ends with
  std::string message;
};

// Tells the supervisor; on standard error where the folder cannot be written.
void report_failure(const StudyFolder& folder, const StudyFailure& failure);
// The failure reported to a supervisor, which is removed.
std::optional<StudyFailure> take_failure(const StudyFolder& folder, const std::string& supervisor);

// This rank was asked to stop: by its supervisor, by Slurm, which signals the ranks of srun
// themselves, or by mpirun after another rank's death.
void report_stop(const StudyFolder& folder);
// Whether some rank said so; the report is removed.
bool take_stop(const StudyFolder& folder, const std::string& supervisor);

}  // namespace isoloss
