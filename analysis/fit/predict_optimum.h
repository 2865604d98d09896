// What a fit of law isoflop says: the best size and tokens of a budget, with their intervals.
#pragma once
#include "analysis/fit/predict.h"

namespace isoloss {

// InputError where anything but compute is given, and for a fit whose lines are not all there.
Prediction predict_optimum(const StoredFit& fit, const Place& place, double level);

}  // namespace isoloss
