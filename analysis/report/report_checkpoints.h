// The report's tables of scores over the last five checkpoints of each trial, where at least two
// were scored: of task cards and of tasks made from the study's own text.
#pragma once
#include "analysis/plot/html.h"
#include "analysis/report/report_study.h"

namespace isoloss {

// Mean and deviation over them.
Table checkpoint_spreads_table(const StudyResults& study);
// On how many tasks a candidate is better, worse or equal by Student's t-test of the means.
Table checkpoint_counts_table(const StudyResults& study);

}  // namespace isoloss
