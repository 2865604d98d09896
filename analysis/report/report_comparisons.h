// The report's tables of what candidates save: at equal loss, at equal compute, and by single runs.
#pragma once
#include "analysis/plot/html.h"
#include "analysis/report/report_study.h"

namespace isoloss {

// Two or three losses of each comparison, or why it has none.
Table savings_table(const StudyResults& study);
// What each candidate changes of the named baseline's loss at every common budget.
Table loss_changes_table(const StudyResults& study, const ReportOptions& options);
// The single-run speed-up of every candidate against the named baseline, by size and seed.
Table crossings_table(const StudyResults& study);

}  // namespace isoloss
