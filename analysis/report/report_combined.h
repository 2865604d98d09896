// The report's table of combined changes (analysis/savings/combined_savings.h): empty where the
// study holds no baseline with two changes, each alone and both together.
#pragma once
#include "analysis/plot/html.h"
#include "analysis/report/report_study.h"

namespace isoloss {

Table combined_savings_table(const StudyResults& study, const ReportOptions& options);

}  // namespace isoloss
