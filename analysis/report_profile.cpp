#include "analysis/report_profile.h"

#include <algorithm>
#include <cmath>
#include <stdexcept>

#include "analysis/law_solver.h"

namespace isoloss {
namespace {

constexpr int kSteps = 17;

// Over the exponent's interval and half as much again on both sides; without an interval a factor
// of two each way.
std::vector<double> grid_of(const Fit& fit, const std::string& name) {
  Interval range{fit.parameter(name) / 2, fit.parameter(name) * 2};
  for (const auto& [known, interval] : fit.intervals) {
    if (known != name || !(interval.second > interval.first)) continue;
    const double margin = 0.6 * (interval.second - interval.first);
    range = {interval.first - margin, interval.second + margin};
  }
  range = {std::max(range.first, 0.01), std::min(range.second, 3.0)};
  std::vector<double> out;
  for (int i = 0; i < kSteps; ++i) {
    out.push_back(range.first + (range.second - range.first) * i / (kSteps - 1));
  }
  return out;
}

void fix(ShapeParameter& shape, double value) {
  shape.lowest = shape.highest = shape.search_low = shape.search_high = value;
}

}  // namespace

ExponentProfile exponent_profile(const ArchitectureLaw& fitted) {
  if (!fitted.fit) throw std::logic_error("no law to profile");
  const Fit& fit = *fitted.fit;
  ExponentProfile out{grid_of(fit, "alpha"), grid_of(fit, "beta"), {}, fit.value};
  const Law& law = law_named("chinchilla");
  const LawData data = law_data(law, fitted.points);
  const Objective objective{fit.objective, fit.delta, fit.space, 1};
  for (const double alpha : out.alpha) {
    std::vector<double> row;
    for (const double beta : out.beta) {
      Law fixed = law;
      fix(fixed.shape[0], alpha);
      fix(fixed.shape[1], beta);
      const LawState start = solve_linear(fixed, data, objective, {}, Eigen::Array2d(alpha, beta));
      row.push_back(solve_law(fixed, data, objective, {}, 0, start).value);
    }
    out.value.push_back(std::move(row));
  }
  return out;
}

ProfileBand profile_band(const ExponentProfile& profile, double limit) {
  ProfileBand out;
  for (std::size_t a = 0; a < profile.alpha.size(); ++a) {
    const std::vector<double>& value = profile.value[a];
    const auto inside = [&](std::size_t b) { return value[b] <= limit; };
    const auto crossing = [&](std::size_t in, std::size_t beyond) {
      const double share = (limit - value[in]) / (value[beyond] - value[in]);
      return profile.beta[in] + share * (profile.beta[beyond] - profile.beta[in]);
    };
    std::size_t first = 0, last = value.size();
    while (first < value.size() && !inside(first)) ++first;
    if (first == value.size()) continue;
    while (!inside(last - 1)) --last;
    --last;
    out.alpha.push_back(profile.alpha[a]);
    out.low.push_back(first == 0 ? profile.beta.front() : crossing(first, first - 1));
    out.high.push_back(last + 1 == value.size() ? profile.beta.back() : crossing(last, last + 1));
  }
  return out;
}

}  // namespace isoloss
