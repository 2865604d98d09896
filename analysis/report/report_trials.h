// The report's tables of trials: each of them, what they scored while they trained, how far seeds
// differ, and the frontiers through the best.
#pragma once
#include "analysis/plot/html.h"
#include "analysis/report/report_study.h"

namespace isoloss {

Table frontier_table(const StudyResults& study);
// Each with its sd in nats and what it is worth in compute, at the frontier's local slope.
Table seed_noise_table(const StudyResults& study);
// A row for each evaluation of each run, and one for a run that has none.
Table trials_table(const StudyResults& study);
// FLOPs are those spent at the score's step, by the exact convention.
Table scores_table(const StudyResults& study);

}  // namespace isoloss
