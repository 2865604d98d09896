#include "analysis/report/report_profile.h"

#include <algorithm>
#include <cmath>
#include <limits>
#include <stdexcept>

#include "analysis/solver/law_profile.h"

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

// A printed fit carries its parameters; the profile starts from the solver's state.
LawSolution solution_of(const Law& law, const LawData& data, const Fit& fit) {
  std::vector<double> printed;
  for (const std::string& name : law.parameters) printed.push_back(fit.parameter(name));
  LawSolution solution;
  solution.state = law.math.state(printed, data.centre);
  solution.state.floor = fit.parameter("E");
  solution.value = fit.value;
  return solution;
}

}  // namespace

ExponentProfile exponent_profile(const PointTable& results, const ArchitectureLaw& fitted) {
  if (!fitted.fit) throw std::logic_error("no law to profile");
  const Fit& fit = *fitted.fit;
  const Law& law = law_named(fit.law);
  const FloorChoice floor;
  const LawData data = law_data(law, results, fitted.points, floor);
  const Objective objective{fit.objective, fit.delta, fit.space, fit.overestimate};
  const LawSolution solution = solution_of(law, data, fit);
  ExponentProfile out{grid_of(fit, "alpha"), grid_of(fit, "beta"), {}, fit.value};
  out.value =
      profile_grid({law, data, objective, floor, solution}, *coordinate_named(law, floor, "alpha"),
                   out.alpha, *coordinate_named(law, floor, "beta"), out.beta);
  for (double& value : out.value.reshaped()) {
    if (!std::isfinite(value)) value = std::numeric_limits<double>::infinity();
  }
  return out;
}

ProfileBand profile_band(const ExponentProfile& profile, double limit) {
  ProfileBand out;
  for (std::size_t a = 0; a < profile.alpha.size(); ++a) {
    const auto value = [&](std::size_t b) {
      return profile.value(static_cast<Eigen::Index>(a), static_cast<Eigen::Index>(b));
    };
    const auto inside = [&](std::size_t b) { return value(b) <= limit; };
    const auto crossing = [&](std::size_t in, std::size_t beyond) {
      const double share = (limit - value(in)) / (value(beyond) - value(in));
      return profile.beta[in] + share * (profile.beta[beyond] - profile.beta[in]);
    };
    const std::size_t count = profile.beta.size();
    std::size_t first = 0, last = count;
    while (first < count && !inside(first)) ++first;
    if (first == count) continue;
    while (!inside(last - 1)) --last;
    --last;
    out.alpha.push_back(profile.alpha[a]);
    out.low.push_back(first == 0 ? profile.beta.front() : crossing(first, first - 1));
    out.high.push_back(last + 1 == count ? profile.beta.back() : crossing(last, last + 1));
  }
  return out;
}

}  // namespace isoloss
