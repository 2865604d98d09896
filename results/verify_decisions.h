// What is wrong with the decisions of a study: damaged files, a winner that did not win, numbers
// that the runs do not have, two decisions of one search that name different winners.
#pragma once
#include <map>
#include <string>
#include <vector>

#include "results/findings.h"

namespace isoloss {

// One finding, damage or unread, for each problem. `runs`: what is stored, by id.
std::vector<Finding> decision_problems(const StudyFolder& folder,
                                       const std::map<std::string, RunSummary>& runs);

}  // namespace isoloss
