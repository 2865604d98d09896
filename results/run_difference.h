// Whether two records of one run agree in what both of them hold.
#pragma once
#include <cmath>
#include <string>

#include "results/run_record.h"

namespace isoloss {

// Equal bits but for the sign of zero and the payload of NaN, which no loss depends on.
inline bool same_number(double a, double b) { return a == b || (std::isnan(a) && std::isnan(b)); }

// The first number that differs, with both values ("loss of step 12: 3.25 and 3.5"); empty where
// the curves agree in their common steps, the evaluations and scores in those that both hold, what
// the run is and what it was trained on, and neither diverged where the other went on. Seconds,
// machine, ranks and code are the two places' own.
std::string first_difference(const RunRecord& a, const RunRecord& b);

}  // namespace isoloss
