#include "analysis/fit/predict_reach.h"

#include <fmt/format.h>

#include <algorithm>
#include <cmath>

namespace isoloss {
namespace {

// Decades beyond the data: of steps that an extrapolation's words take.
constexpr double kOutside = 0.5, kFarOutside = 1.5, kVeryFarOutside = 3;
constexpr double kSameDistance = 1e-9;  // the first of two quantities as far out is named

const char* grade_of(double decades) {
  if (decades > kVeryFarOutside) {
    return "very far outside the data: nothing was measured that speaks for this number";
  }
  if (decades > kFarOutside) {
    return "far outside the data: published extrapolations of this length missed by more than "
           "their intervals; take it as a projection";
  }
  if (decades > kOutside) {
    return "outside the data: the interval holds if the law's form does";
  }
  return "just outside the data: the interval still rests on points nearby";
}

}  // namespace

void add_distance(const FitOrigin& origin, const Located& at, Prediction& prediction) {
  const auto look = [&](const char* name, double x) {
    const auto range = origin.ranges.find(name);
    if (range == origin.ranges.end() || !(x > 0)) return;
    const double beyond =
        std::max(std::log10(x / range->second.second), std::log10(range->second.first / x));
    if (beyond <= prediction.decades_beyond + kSameDistance) return;
    prediction.decades_beyond = beyond;
    prediction.beyond = name;
  };
  look("parameters", at.parameters);
  look("tokens", at.tokens);
  look("flops", at.flops);
  look("tokens_per_parameter", at.tokens / at.parameters);
  const double d = prediction.decades_beyond;
  if (d <= 0) return;
  prediction.warning =
      fmt::format("{:.2f} decades beyond the data in {}; {}", d, prediction.beyond, grade_of(d));
}

void add_calibration(const StoredFit& fit, Prediction& prediction) {
  prediction.calibration = fit.calibration;
  if (fit.calibration) return;
  prediction.notes.push_back("interval not calibrated: " +
                             (fit.calibration_missing.empty()
                                  ? "the fit says nothing of leave-future-out folds"
                                  : fit.calibration_missing));
}

}  // namespace isoloss
