// How far noise moves a comparison, to first order: the change of ln savings with each trial's
// loss, by differences through frontiers and curves, times the noise's covariance.
#pragma once
#include <span>

#include "analysis/savings/planned_study.h"
#include "analysis/savings/savings.h"

namespace isoloss {

struct LogSavings {
  double savings = 0, growth = 0;  // at the question's loss; over the overlap
};

// What is planned for: savings at `loss`, and their growth over the overlap of `savings`.
struct SavingsQuestion {
  const SavingsOptions& options;
  const Savings& savings;
  double loss = 0;
};

// Variances of the logarithms.
LogSavings savings_variances(const SavingsQuestion& question, const PlannedStudy& study);

}  // namespace isoloss
