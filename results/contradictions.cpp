#include <cmath>
#include <set>
#include <tuple>

#include "results/verify.h"

namespace isoloss {

namespace {

// Sequence losses are stored in float32 and their mean in float64.
constexpr double kMeanTolerance = 1e-4;

void check_steps(const RunRecord& record, std::int64_t first_step,
                 std::vector<std::string>& problems) {
  if (record.steps.empty()) return;
  if (record.steps.front().step != first_step)
    problems.push_back("its curve begins at step " + std::to_string(record.steps.front().step) +
                       ", not " + std::to_string(first_step));
  for (std::size_t i = 1; i < record.steps.size(); ++i)
    if (record.steps[i].step != record.steps[i - 1].step + 1) {
      problems.push_back("step " + std::to_string(record.steps[i].step) + " follows step " +
                         std::to_string(record.steps[i - 1].step));
      return;
    }
}

void check_evaluations(const RunRecord& record, std::int64_t first_step,
                       std::vector<std::string>& problems) {
  const std::int64_t last = record.steps.empty() ? first_step - 1 : record.steps.back().step;
  std::set<std::tuple<std::int64_t, double, std::string>> seen;
  for (const Evaluation& evaluation : record.evaluations) {
    const std::string where = "the evaluation at step " + std::to_string(evaluation.step);
    if (!seen.emplace(evaluation.step, evaluation.budget, evaluation.budget_unit).second)
      problems.push_back(where + " is stored twice");
    if (evaluation.step > last)
      problems.push_back(where + " lies past the curve, which ends at step " +
                         std::to_string(last));
    if (evaluation.sequence_losses.empty()) continue;
    double sum = 0;
    for (const float loss : evaluation.sequence_losses) sum += static_cast<double>(loss);
    const double mean = sum / static_cast<double>(evaluation.sequence_losses.size());
    if (std::isfinite(mean) &&
        !(std::abs(mean - evaluation.loss) <= kMeanTolerance * std::abs(mean)))
      problems.push_back(where + " has a loss that is not the mean of its sequences");
  }
}

}  // namespace

std::vector<std::string> contradictions(const RunRecord& record, std::int64_t first_step) {
  std::vector<std::string> problems;
  check_steps(record, first_step, problems);
  check_evaluations(record, first_step, problems);
  if (record.state == RunState::Finished && record.evaluations.empty())
    problems.push_back("it is finished and holds no evaluation");
  return problems;
}

}  // namespace isoloss
