// The report's tables on scale: whether the saving grows with it, and whether one floor serves both
// architectures (docs/comparison.md rules 7 and 8).
#pragma once
#include "analysis/plot/html.h"
#include "analysis/report/report_study.h"

namespace isoloss {

// A row for each comparison that has savings: those at the lowest common loss over those at the
// highest, with direction and p, and the law's change per decade.
Table growth_table(const StudyResults& study);

// A row for each comparison whose frontiers have the budgets that a floor needs.
Table floors_table(const StudyResults& study);

// The same of one comparison in a sentence without its full stop.
std::string growth_text(const Savings& savings);

}  // namespace isoloss
