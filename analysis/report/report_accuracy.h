// The report's tables of accuracy: what it costs in compute, beside what the same losses cost;
// whether one sigmoid serves; how well more compute is predicted; what larger models would score.
#pragma once
#include "analysis/plot/html.h"
#include "analysis/report/report_study.h"

namespace isoloss {

// Compute of the baseline over compute of the candidate at equal accuracy, with the saving at equal
// loss at the compute that the baseline needs.
Table multipliers_table(const StudyResults& study);
// The sigmoid of each task, and the test that architectures share it.
Table sigmoids_table(const StudyResults& study);
// Predictions of the largest compute from the smaller budgets, by three forms.
Table accuracy_hold_out_table(const StudyResults& study);
// Accuracy at ten times the largest compute, with the interval as the fit gives it and widened by
// what the folds call for.
Table larger_models_table(const StudyResults& study);

}  // namespace isoloss
