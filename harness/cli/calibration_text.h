// The calibration table as `fit` and `predict` print it.
#pragma once
#include <string>

#include "analysis/fit/predict_calibration.h"

namespace isoloss {

// Lines, each ended.
std::string calibration_text(const Calibration& calibration);

}  // namespace isoloss
