// What a stored fit says of a model that was not trained: its loss with a prediction interval, and
// how far that is from the data.
#pragma once
#include <optional>
#include <string>
#include <vector>

#include <nlohmann/json_fwd.hpp>

#include "analysis/fit/predict_place.h"
#include "analysis/fit/stored_fit.h"

namespace isoloss {

struct Prediction {
  std::string law;
  std::string evaluation;                        // as Place
  double parameters = 0, tokens = 0, flops = 0;  // NaN where the law does not say
  std::optional<double> loss;
  std::optional<Interval> interval;  // of one run's loss; none for isoflop
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

}  // namespace isoloss
