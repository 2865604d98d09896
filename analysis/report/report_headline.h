// The report's first words: what each candidate saves, with its interval, and what is not resolved.
#pragma once
#include <string>
#include <vector>

#include "analysis/report/report_study.h"

namespace isoloss {

struct Verdict {
  int style = 0;         // of the candidate's colour
  std::string claim;     // "primer saves 1.31 times the compute of transformer"
  std::string detail;    // intervals, losses, what is not resolved
  bool refused = false;  // no saving can be given: the detail says why
};

// One verdict per candidate and baseline, FLOPs and time together; with one architecture, or where
// a floor is known, one on the fitted floor of each architecture against the exact one.
std::vector<Verdict> verdicts(const StudyResults& study);

std::string headline_html(const StudyResults& study);

}  // namespace isoloss
