// What a supervisor and the processes that it starts say to each other: an environment variable one
// way, a file the other way, since mpirun's exit status tells nothing reliable.
#pragma once
#include <optional>
#include <string>

#include "results/study_folder.h"

namespace isoloss {

inline constexpr const char* kSupervisedVariable = "ISOLOSS_SUPERVISED";

// Whether this process was started by a supervisor.
bool is_supervised();

// An error that concerns the whole study and that starting again would not mend.
struct StudyFailure {
  int status = 1;  // exit status that the supervisor ends with
  std::string message;
};

void report_failure(const StudyFolder& folder, const StudyFailure& failure);
// The reported failure, which is removed.
std::optional<StudyFailure> take_failure(const StudyFolder& folder);

}  // namespace isoloss
