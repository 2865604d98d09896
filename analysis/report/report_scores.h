// The report's tables of what files of scores say item by item: scores with clustered errors and
// contaminated items apart, candidates against the baseline on the same items, averages over named
// sets of tasks.
#pragma once
#include "analysis/plot/html.h"
#include "analysis/report/report_study.h"

namespace isoloss {

Table task_scores_table(const StudyResults& study);
// At the largest budget that both have scored, each at its best size.
Table paired_scores_table(const StudyResults& study, const ReportOptions& options);
// Only sets all of whose tasks an architecture has scored, at its best size of its largest budget.
Table task_averages_table(const StudyResults& study);

}  // namespace isoloss
