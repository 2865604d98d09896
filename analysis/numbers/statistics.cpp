#include "analysis/numbers/statistics.h"

#include <algorithm>
#include <boost/math/distributions/chi_squared.hpp>
#include <boost/math/distributions/fisher_f.hpp>
#include <boost/math/distributions/students_t.hpp>
#include <cmath>
#include <limits>

namespace isoloss {
namespace {

// Empty where they would speak for the draws that worked alone.
std::vector<double> finite_of(const std::vector<double>& values) {
  std::vector<double> finite;
  for (const double value : values) {
    if (std::isfinite(value)) finite.push_back(value);
  }
  if (finite.size() < kFewestDraws || 10 * finite.size() < 9 * values.size()) finite.clear();
  return finite;
}

}  // namespace

double quantile(std::vector<double> values, double q) {
  std::sort(values.begin(), values.end());
  const double at = q * static_cast<double>(values.size() - 1);
  const auto below = static_cast<std::size_t>(std::floor(at));
  const std::size_t above = std::min(below + 1, values.size() - 1);
  return values[below] + (at - std::floor(at)) * (values[above] - values[below]);
}

std::optional<Interval> percentile_interval(const std::vector<double>& values, double level) {
  const std::vector<double> known = finite_of(values);
  if (known.empty()) return std::nullopt;
  return Interval{quantile(known, (1 - level) / 2), quantile(known, (1 + level) / 2)};
}

std::optional<Interval> next_draw_interval(const std::vector<double>& values, double level) {
  const std::vector<double> known = finite_of(values);
  if (known.empty()) return std::nullopt;
  // The quantile of type 7 that lies at rank (n + 1) q of 1 to n.
  const auto n = static_cast<double>(known.size());
  const double low = std::clamp(((n + 1) * (1 - level) / 2 - 1) / (n - 1), 0.0, 1.0);
  return Interval{quantile(known, low), quantile(known, 1 - low)};
}

double sign_p(const std::vector<double>& draws) {
  if (!percentile_interval(draws, 0.95)) return std::numeric_limits<double>::quiet_NaN();
  double below = 1, above = 1, finite = 1;
  for (const double draw : draws) {
    if (!std::isfinite(draw)) continue;
    ++finite;
    below += draw <= 0 ? 1 : 0;
    above += draw >= 0 ? 1 : 0;
  }
  return std::min(1.0, 2 * std::min(below, above) / finite);
}

double scaled_chi_squared(double degrees, double u) {
  const double inside = std::clamp(u, 1e-12, 1 - 1e-12);
  return boost::math::quantile(boost::math::chi_squared(degrees), inside) / degrees;
}

double student_factor(double degrees, double level) {
  return boost::math::quantile(boost::math::students_t(degrees), (1 + level) / 2);
}

double f_tail(double f, double d1, double d2) {
  if (!(f > 0)) return 1;
  if (!std::isfinite(f)) return 0;
  return boost::math::cdf(boost::math::complement(boost::math::fisher_f(d1, d2), f));
}

}  // namespace isoloss
