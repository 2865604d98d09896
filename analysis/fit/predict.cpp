#include "analysis/fit/predict.h"

#include <fmt/format.h>

#include <cmath>

#include "analysis/fit/forecast.h"
#include "analysis/fit/predict_optimum.h"
#include "analysis/fit/predict_reach.h"
#include "model/spec/error.h"

namespace isoloss {

Prediction predict_at(const StoredFit& fit, const Place& place, double level) {
  if (!(level > 0 && level < 1)) {
    throw InputError("level out of range (between 0 and 1); for example 0.95");
  }
  require_positive(place);
  const std::map<std::string, double> parameters = parameters_on(fit, place.evaluation);
  if (fit.law == "isoflop") return predict_optimum(fit, place, level);
  const Law& law = law_named(fit.law);
  const LawState raw = state_of(law, parameters);
  Prediction out;
  out.law = law.name;
  out.evaluation = place.evaluation;
  out.level = level;
  const Located at = located(fit, law, raw, place, out.notes);
  out.parameters = at.parameters;
  out.tokens = at.tokens;
  out.flops = at.flops;
  const std::vector<double> x = regressors_of(law, at);
  out.loss = predict(law, law_place(x), raw)[0];
  if (!(*out.loss > 0) || !std::isfinite(*out.loss)) {
    throw InputError(fmt::format(
        "law '{}' gives a loss of {} there (no double holds what it is made of, or the fit's "
        "parameters are not its own); ask nearer to the data, or print the fit again",
        law.name, *out.loss));
  }
  if (fit.basis) {
    const auto regressors = static_cast<Eigen::Index>(law.regressors.size());
    if (static_cast<Eigen::Index>(fit.basis->centre.size()) != regressors ||
        fit.basis->covariance.rows() != static_cast<Eigen::Index>(law.coordinates())) {
      throw InputError(fmt::format(
          "the fit's 'prediction' is not of law '{}' (wrong sizes); print the fit again", fit.law));
    }
    const Eigen::ArrayXd centre =
        Eigen::Map<const Eigen::ArrayXd>(fit.basis->centre.data(), regressors);
    std::vector<double> values;
    for (const std::string& name : law.parameters) values.push_back(parameters.at(name));
    LawState centred = law.math.state(values, centre);
    centred.floor = raw.floor;
    out.interval =
        interval_of(forecast(law, centred, *fit.basis, fit.space, x), *fit.basis, fit.space, level);
    add_calibration(fit, out);
  } else {
    out.notes.emplace_back("no interval: the fit had no point more than parameters");
  }
  add_distance(fit.origin, at, out);
  return out;
}

}  // namespace isoloss
