// The report's tables of what files of scores say item by item: scores with clustered errors and
// contaminated items apart, candidates against the baseline on the same items, t-tests over
// checkpoints, averages over named sets of tasks.
#pragma once
#include "analysis/plot/html.h"
#include "analysis/report/report_study.h"

namespace isoloss {

Table task_scores_table(const StudyResults& study);
// At the largest budget that both have scored, each at its best size.
Table paired_scores_table(const StudyResults& study, const ReportOptions& options);
// Mean and deviation over the last five checkpoints of each trial, where at least two were scored:
// of task cards and of tasks made from the study's own text.
Table checkpoint_spreads_table(const StudyResults& study);
// Over the last five checkpoints of trials, where at least two were scored.
Table checkpoint_counts_table(const StudyResults& study);
// Only sets all of whose tasks an architecture has scored, at its best size of its largest budget.
Table task_averages_table(const StudyResults& study);

}  // namespace isoloss
