// What a fitted law says at one place, with the interval of one run's loss there.
#pragma once
#include <span>

#include "analysis/fit/stored_fit.h"
#include "analysis/laws/law.h"

namespace isoloss {

// The law's value and its standard deviation, the scatter of one run included: in the objective's
// space.
struct Forecast {
  double value = 0, deviation = 0;  // of ln loss or loss
  double shift = 0;                 // of `value`, that the method is known for
};

// At `x`, the law's regressors. `centred`: the law with its coefficients about `basis.centre`.
Forecast forecast(const Law& law, const LawState& centred, const PredictionBasis& basis,
                  FitSpace space, std::span<const double> x);

// value - shift -+ factor t deviation, as losses; `value` stays inside.
Interval interval_of(const Forecast& forecast, const PredictionBasis& basis, FitSpace space,
                     double level);

}  // namespace isoloss
