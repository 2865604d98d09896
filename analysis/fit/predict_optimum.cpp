#include "analysis/fit/predict_optimum.h"

#include <fmt/format.h>

#include <algorithm>
#include <cmath>

#include "analysis/fit/predict_reach.h"
#include "analysis/numbers/statistics.h"
#include "model/spec/error.h"

namespace isoloss {

Prediction predict_optimum(const StoredFit& fit, const Place& place, double level) {
  refuse_unique_tokens(fit.law, place);
  if (!place.flops || place.parameters || place.tokens) {
    throw InputError(
        "law 'isoflop' says the best size and tokens of a budget (it is asked by compute alone); "
        "give --flops and neither --parameters nor --tokens");
  }
  const auto at = [&](const char* name) {
    const auto found = fit.parameters.find(name);
    if (found != fit.parameters.end()) return found->second;
    throw InputError(
        fmt::format("parameter '{}' of law 'isoflop' is missing; print the fit again", name));
  };
  Prediction out;
  out.law = fit.law;
  out.level = level;
  out.flops = *place.flops;
  const double log_c = std::log(out.flops);
  out.parameters = std::exp(at("lnG") + at("a") * log_c);
  out.tokens = fit.parameters.contains("b") ? std::exp(at("lnH") + at("b") * log_c) : std::nan("");
  if (fit.basis) {
    // Covariance of (value at the centre, slope) of ln N*, then of ln D*.
    const PredictionBasis& basis = *fit.basis;
    const Eigen::Index coordinates = fit.parameters.contains("b") ? 4 : 2;
    if (basis.covariance.rows() != coordinates || basis.centre.size() != 1) {
      throw InputError(fmt::format(
          "'prediction' of law 'isoflop' is of {} coordinates about {} means (its lines have {} "
          "about one); print the fit again",
          basis.covariance.rows(), basis.centre.size(), coordinates));
    }
    const double off = log_c - basis.centre[0];
    const double t = student_factor(basis.degrees, level) * basis.factor;
    const Eigen::Vector2d slope(1, off);
    const auto around = [&](double centre, Eigen::Index block) {
      const double half =
          t * std::sqrt(slope.dot(basis.covariance.block<2, 2>(block, block) * slope));
      const double shift = basis.shift.size() > 0 ? slope.dot(basis.shift.segment<2>(block)) : 0;
      return Interval{centre * std::exp(std::min(0.0, -shift - half)),
                      centre * std::exp(std::max(0.0, -shift + half))};
    };
    out.optimal_parameters = around(out.parameters, 0);
    if (coordinates == 4) out.optimal_tokens = around(out.tokens, 2);
    add_calibration(fit, out);
  }
  Located at_budget;
  at_budget.flops = out.flops;
  add_distance(fit.origin, at_budget, out);
  return out;
}

}  // namespace isoloss
