// The report's tables: each is shown on the page and written as CSV.
#pragma once
#include <vector>

#include "analysis/plot/html.h"
#include "analysis/report/report_study.h"

namespace isoloss {

Table savings_table(const StudyResults& study);
// What each candidate changes of the named baseline's loss at every common budget.
Table loss_changes_table(const StudyResults& study, const ReportOptions& options);
Table frontier_table(const StudyResults& study);
// The single-run speed-up of every candidate against the named baseline, by size and seed.
Table crossings_table(const StudyResults& study);
// Each with its sd in nats and what it is worth in compute, at the frontier's local slope.
Table seed_noise_table(const StudyResults& study);
Table trials_table(const StudyResults& study);
Table scores_table(const StudyResults& study);

// FLOPs spent at the score's step, by the exact convention.
double score_flops(const RunRecord& run, const Score& score);

}  // namespace isoloss
