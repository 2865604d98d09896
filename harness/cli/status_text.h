// How far a study is (study_status.h), for people and for programs.
#pragma once
#include <nlohmann/json_fwd.hpp>
#include <string>

#include "harness/cli/study_status.h"

namespace isoloss {

// "running      [####......]  42 %  primer-ez s  lr 0.05  seed 0  2e11": within 80 columns where
// names are no longer than the catalogue's.
std::string trial_line(const TrialStatus& trial);

// Of trials one line each for those that run or failed, for all where `all`.
std::string status_text(const StudyFolder& folder, const std::string& study,
                        const StudyStatus& status, bool all);

// The object of `status --json`; keys in docs/format.md.
nlohmann::ordered_json status_json(const StudyStatus& status, bool all);

}  // namespace isoloss
