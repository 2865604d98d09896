// How well accuracy at more compute is predicted: fits to the smaller budgets of a task, asked
// about the larger ones. Two steps by a sigmoid, two by the exponential of Gadre et al. 2024, and
// one step compete on the largest compute; all folds together say what a prediction's interval must
// be widened by (as predict_calibration.h does for losses).
#pragma once
#include <optional>
#include <string>
#include <vector>

#include "analysis/scores/accuracy_fit.h"

namespace isoloss {

// The best size of an architecture at a budget that was left out.
struct HeldOutAccuracy {
  std::string architecture;
  double fitted_to = 0;  // FLOPs of the largest budget that was fitted
  double flops = 0;
  double measured = 0, standard_error = 0;
  double two_step = 0, exponential = 0, one_step = 0;  // predicted; NaN where it cannot be
  std::optional<Interval> interval;                    // of one trial, of the two steps
};

struct AccuracyHoldOut {
  std::vector<HeldOutAccuracy> largest;  // fitted to all budgets but the largest
  std::size_t predictions = 0;           // with an interval, of all folds
  double coverage = 0;                   // share of them inside
  double factor = 1;    // widens intervals so that `level` of all are inside; never below 1
  std::string missing;  // why there is nothing
};

// Folds after each budget from the third on.
AccuracyHoldOut hold_out_accuracy(const AccuracyTask& task, const AccuracyOptions& options = {});

}  // namespace isoloss
