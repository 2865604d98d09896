// Which rules of an honest comparison (docs/comparison.md) a study breaks, each in one plain
// sentence.
#pragma once
#include <string>
#include <vector>

#include "analysis/report/report_study.h"

namespace isoloss {

std::vector<std::string> broken_rules(const StudyResults& study);

}  // namespace isoloss
