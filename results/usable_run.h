// A run as far as training can go on with it, whatever became of its journal.
#pragma once
#include <functional>
#include <optional>
#include <string>

#include "results/run_record.h"
#include "results/study_folder.h"

namespace isoloss {

// read_run (study_folder.h), but a damaged journal is passed over, and `warn` is told "problem
// (why)": what it held past the last checkpoint is trained again, what was before lies in the run
// file.
std::optional<RunRecord> read_usable_run(const StudyFolder& folder, const std::string& id,
                                         const std::function<void(const std::string&)>& warn);

}  // namespace isoloss
