// The report's tables on learning rates: what was decided, and what the comparison would say at
// common rates (docs/comparison.md rule 3).
#pragma once
#include "analysis/plot/html.h"
#include "analysis/report/report.h"
#include "analysis/report/report_study.h"

namespace isoloss {

Table decisions_table(const StudyResults& study);
// Selection losses of every architecture at the rates that they tried, where they were decided.
Table common_rates_table(const StudyResults& study);
// Savings with all at one rate, beside each at its own: over the frontiers where the rate was
// trained along them, and from the losses where rates were decided.
Table savings_by_rate_table(const StudyResults& study, const ReportOptions& options);

}  // namespace isoloss
