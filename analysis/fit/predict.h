// What a stored fit says of a model that was not trained: its loss with a prediction interval, and
// how far that is from the data.
#pragma once
#include <optional>
#include <span>
#include <string>
#include <vector>

#include <nlohmann/json_fwd.hpp>

#include "analysis/fit/stored_fit.h"
#include "analysis/laws/law.h"

namespace isoloss {

// Where: size and tokens, or a budget alone (then the size is the one the law likes best), or for a
// law of both one of them alone (then the other is its compute-optimal partner).
struct Place {
  std::optional<double> parameters = {}, tokens = {}, flops = {}, unique_tokens = {};
  // Whose loss, where the fit's floors are pinned by evaluation set; empty for every other fit.
  std::string evaluation = {};
};

struct Prediction {
  std::string law;
  std::string evaluation;                        // as Place
  double parameters = 0, tokens = 0, flops = 0;  // NaN where the law does not say
  std::optional<double> loss;
  std::optional<Interval> interval;  // of one run's loss; of N* for isoflop, in optimal_interval
  std::optional<Interval> optimal_parameters, optimal_tokens;  // isoflop: intervals of N* and D*
  double level = 0;
  double decades_beyond = 0;               // the furthest of the regressors from the data; 0 inside
  std::string beyond;                      // that regressor
  std::string warning;                     // empty inside the data
  std::optional<Calibration> calibration;  // that the interval rests on
  std::vector<std::string> notes;
};

// InputError for a place that the law cannot be asked about.
Prediction predict_at(const StoredFit& fit, const Place& place, double level);

nlohmann::json to_json(const Prediction& prediction);

// ln of the loss at `x` (the law's regressors) and its standard deviation, the scatter of one run
// included: in the objective's space.
struct Forecast {
  double value = 0, deviation = 0;  // of ln loss or loss
  double shift = 0;                 // of `value`, that the method is known for
};
Forecast forecast(const Law& law, const LawState& centred, const PredictionBasis& basis,
                  FitSpace space, std::span<const double> x);

// value - shift -+ factor t deviation, as losses; `value` stays inside.
Interval interval_of(const Forecast& forecast, const PredictionBasis& basis, FitSpace space,
                     double level);

}  // namespace isoloss
