#include "analysis/report/report_decided_rates.h"

#include "analysis/numbers/statistics.h"

namespace isoloss {

SizesAndBudgets decided_at(const StudyResults& study) {
  SizesAndBudgets cells;
  for (const Decision& decision : study.all.decisions) {
    cells.insert({decision.size, decision.budget});
  }
  return cells;
}

double loss_at(const Decision& decision, std::optional<double> rate) {
  const double wanted = rate.value_or(decision.learning_rate);
  for (const DecisionArm& arm : decision.arms) {
    if (arm.learning_rate == wanted && !arm.diverged) return arm.selection_loss;
  }
  return kNone;
}

TableCell rate_cell(std::optional<double> rate, const char* own) {
  return rate ? significant_cell(*rate, 3) : text_cell(own);
}

}  // namespace isoloss
