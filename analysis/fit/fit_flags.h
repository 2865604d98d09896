// What makes a fit untrustworthy, by name (docs/fitting.md lists every flag). A flag reads `name`
// or `name: detail`.
#pragma once
#include <span>
#include <string>

#include "analysis/fit/fit.h"
#include "analysis/solver/law_scatter.h"
#include "analysis/solver/law_solver.h"

namespace isoloss {

// Coefficients, exponents and floor that the solver may move.
std::size_t free_parameters(const Law& law, const FloorChoice& floor);

// InputError naming `source`: fewer points than free parameters.
void require_points(const std::string& source, std::size_t n, const Law& law,
                    const FloorChoice& floor);

// InputError naming `source`: a floor given that no loss lies above.
void require_losses_above(const std::string& source, const LawData& data, const FloorChoice& floor);

// E_at_bound, COEFFICIENT_at_bound, EXPONENT_unidentified, few_points.
void flag_solution(const Law& law, const LawSolution& solution, Fit& fit);

// narrow_range: a regressor, or tokens per parameter where the law has both, spans less than a
// decade.
void flag_ranges(const Law& law, const LawData& data, Fit& fit);

// "parameters and tokens follow one power law and cannot be told apart; " where two of the law's
// regressors do, within two per cent of their spread; else empty.
std::string regressors_together(const Law& law, const LawData& data);

// EXPONENT_unidentified: the interval of a positive shape parameter reaches its bound or spans a
// factor of four. COEFFICIENT_undetermined: a coefficient's spans more than six decades.
void flag_wide_intervals(const Law& law, const std::vector<NamedInterval>& intervals, Fit& fit);

// Of a coefficient: the data say nothing of its size.
bool is_undetermined(const Interval& interval);

// scatter_beyond_noise: points lie off the law by more than measured noise explains (F test at
// 5 %), so that the law is not all there is to them; the intervals were widened by it. `misfit` is
// a ratio of variances, `p` that of so large a one.
void flag_misfit(double misfit, double p, Fit& fit);

// budgets_share_runs: an interval from the scatter about a line over budgets takes as independent
// what runs, measured at several of them, have in common.
void flag_shared_runs(std::span<const Point> points, std::vector<std::string>& flags);

// PARAMETER_outside_interval: the interval was moved by what is known of the method, and the
// estimate, which was not, is no longer inside.
void flag_outside_intervals(Fit& fit);

// several_architectures: the rows of more than one, because none was chosen.
void flag_architectures(std::span<const Point> points, Fit& fit);

// several_evaluation_sets: losses on more than one set, whose floors were not pinned by set, as of
// one. `sets`: of the rows; empty where the table names none.
void flag_evaluation_sets(std::span<const std::string> sets, Fit& fit);

// outlier: a row whose residual, for its leverage, is beyond what one row in a hundred tables of
// normal scatter would show. high_leverage: a row that alone decides the law near it.
// near_duplicate_rows: two rows at one place that nothing (seed, run, learning rate) tells apart.
// Rows count from 1, as the data rows of the file.
void flag_rows(const LawScatter& scatter, std::span<const Point> points,
               std::span<const std::size_t> rows, Fit& fit);

}  // namespace isoloss
