// Small statistics that intervals are made of.
#pragma once
#include <cstddef>
#include <limits>
#include <optional>
#include <utility>
#include <vector>

namespace isoloss {

using Interval = std::pair<double, double>;

// A number that is not there.
inline constexpr double kNone = std::numeric_limits<double>::quiet_NaN();

// The q-quantile with linear interpolation between order statistics (Hyndman & Fan's type 7,
// NumPy's default). `values` is not empty.
double quantile(std::vector<double> values, double q);

// Of fewer finite values there are no percentiles.
constexpr std::size_t kFewestDraws = 20;

// The central `level` of the finite values; empty where fewer than kFewestDraws or fewer than nine
// in ten are finite, because their percentiles would speak for the draws that worked alone.
std::optional<Interval> percentile_interval(const std::vector<double>& values, double level);

// The same with the ends between which one more such draw lies with probability `level`: (n + 1) q
// (Hyndman & Fan's type 6), as far as there are draws beyond. Percentiles of 50 draws are short of
// 95 % by three.
std::optional<Interval> next_draw_interval(const std::vector<double>& values, double level);

// Two-sided p of a quantity's sign from draws of it: twice the share of draws on the other side of
// zero, the estimate itself counted once. NaN where percentile_interval is empty.
double sign_p(const std::vector<double>& draws);

// Quantile of chi squared / degrees at probability u in (0, 1).
double scaled_chi_squared(double degrees, double u);

// Two-sided Student-t factor of a central interval at `level`.
double student_factor(double degrees, double level);

// P(F > f) with (d1, d2) degrees of freedom.
double f_tail(double f, double d1, double d2);

}  // namespace isoloss
