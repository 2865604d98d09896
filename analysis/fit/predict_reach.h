// How far a prediction is to be believed: its distance from the data, and what folds of them say of
// its interval.
#pragma once
#include "analysis/fit/predict.h"

namespace isoloss {

// Decades from the range of the data, in whichever quantity is furthest out, and the warning that
// goes with them; nothing inside.
void add_distance(const FitOrigin& origin, const Located& at, Prediction& prediction);

// The fit's leave-future-out folds, or a note why there are none.
void add_calibration(const StoredFit& fit, Prediction& prediction);

}  // namespace isoloss
