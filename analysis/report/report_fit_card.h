// The fit card: everything a reader must know to redo the report's laws, after the checklist of
// "(Mis)Fitting: a survey of scaling laws" (Li et al. 2025): form, variables, objective, optimiser,
// starts, hold-out, uncertainty, points and their ranges, conventions. Filled in by the program
// alone.
#pragma once
#include <string>

#include "analysis/plot/html.h"
#include "analysis/report/report_study.h"

namespace isoloss {

// One row a parameter of every architecture: value and interval.
Table law_parameters_table(const StudyResults& study);

// One row an architecture: what the optimiser says of the fit, and its flags.
Table law_fits_table(const StudyResults& study);

// Prediction intervals on leave-future-out folds, by level; empty where the budgets allow none.
Table calibration_table(const StudyResults& study);

// What holds for all of them, as a list of terms; empty where no law was fitted.
std::string fit_card_html(const StudyResults& study);

}  // namespace isoloss
