// The kinds of checks (docs/published.md), one file each; `input.spec` holds the keys that
// check_kinds() in published_kinds.cpp gives the kind.
#pragma once
#include "analysis/published/published_check.h"

namespace isoloss {

// product of `of` / product of `over` x `times`.
CheckResult check_ratio(const CheckInput& input);
// sum of `plus` - sum of `minus`, each with its own weight, x `times`.
CheckResult check_sum(const CheckInput& input);
// Mean of `column` over the rows, first over those that share `within`.
CheckResult check_mean(const CheckInput& input);
// How many rows match.
CheckResult check_count(const CheckInput& input);
// Counts of better, worse and equal by Student's t-test from printed means and deviations.
CheckResult check_t_test(const CheckInput& input);
// Speedup at equal loss, from losses printed at several budgets.
CheckResult check_equal_loss(const CheckInput& input);
// Savings between two power laws whose coefficients are printed.
CheckResult check_line_shift(const CheckInput& input);
// What training to the same quality for less saves, and what an investment in that returns.
CheckResult check_break_even(const CheckInput& input);
// Whether two tables print the same numbers.
CheckResult check_agreement(const CheckInput& input);
// A number that the printed ones do not determine, with the reason.
CheckResult check_not_recomputable(const CheckInput& input);

}  // namespace isoloss
