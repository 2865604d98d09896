// What would resolve the study's savings (analysis/savings/next_study.h), in short: as `isoloss
// savings
// --resolve` plans it for each comparison in FLOPs.
#pragma once
#include "analysis/plot/html.h"
#include "analysis/report/report_study.h"

namespace isoloss {

// Empty where seed noise was not measured or no comparison has savings. InputError: a
// percentage not above zero.
struct NextStudyTables {
  // Of each comparison: the study as it is, then of all sizes and of those near the optimum the
  // fewest seeds that resolve `options.resolve_percent`, or the most where none does.
  Table seeds;
  Table runs;    // of each comparison the three seeds more that narrow its interval most per FLOP
  Table places;  // the same of runs at any size and budget
};
NextStudyTables next_study_tables(const StudyResults& study, const ReportOptions& options);

}  // namespace isoloss
