#include "analysis/savings/savings_variance.h"

#include <algorithm>
#include <map>
#include <utility>

#include "analysis/fit/frontier_curve.h"
#include "analysis/fit/seed_noise.h"
#include "analysis/numbers/statistics.h"

namespace isoloss {
namespace {

// Trials and losses: the baseline's first.
LogSavings log_savings(const SavingsQuestion& question, std::span<const Point> trials,
                       std::size_t baseline_count, std::span<const double> losses) {
  const SavingsOptions& options = question.options;
  const Savings& savings = question.savings;
  const FrontierOptions same = savings_frontier_options(options, savings.frontier);
  const std::size_t n = baseline_count;
  const FrontierCurve b(
      compute_frontier(trials.first(n), losses.first(n), same, &savings.baseline_frontier).used());
  const FrontierCurve c(
      compute_frontier(trials.subspan(n), losses.subspan(n), same, &savings.candidate_frontier)
          .used());
  if (!b.valid() || !c.valid()) return {kNone, kNone};
  const auto at = [&](double where) { return b.log_compute(where) - c.log_compute(where); };
  return {at(question.loss), at(savings.overlap.first) - at(savings.overlap.second)};
}

}  // namespace

LogSavings savings_variances(const SavingsQuestion& question, const PlannedStudy& study) {
  const SeedNoise& noise = question.savings.seed_noise;
  const std::vector<Point> trials = study.trials();
  const std::size_t baseline_count = study.baseline.size();
  std::vector<double> losses;
  for (const Point& p : trials) losses.push_back(p.loss);
  // Trials of one place and budget count alike: one difference serves them all.
  std::map<std::pair<SeedFamily, double>, LogSavings> slopes;
  const double step = std::max(noise.deviation / 2, 1e-9);
  std::vector<LogSavings> slope(trials.size());
  for (std::size_t i = 0; i < trials.size(); ++i) {
    const auto [known, added] =
        slopes.try_emplace({seed_family(trials[i]), budget_of(trials[i])}, LogSavings{});
    if (added) {
      const double here = losses[i];
      losses[i] = here + step;
      const LogSavings up = log_savings(question, trials, baseline_count, losses);
      losses[i] = here - step;
      const LogSavings down = log_savings(question, trials, baseline_count, losses);
      losses[i] = here;
      known->second = {(up.savings - down.savings) / (2 * step),
                       (up.growth - down.growth) / (2 * step)};
    }
    slope[i] = known->second;
  }
  LogSavings variance;
  for (std::size_t i = 0; i < trials.size(); ++i) {
    for (std::size_t j = 0; j < trials.size(); ++j) {
      if (!same_run(trials[i], trials[j])) continue;
      const double covariance = seed_covariance(noise, trials[i], trials[j]);
      variance.savings += slope[i].savings * slope[j].savings * covariance;
      variance.growth += slope[i].growth * slope[j].growth * covariance;
    }
  }
  const std::size_t sequences = LossDraws(trials, noise, 0).sequences();
  LogSavings sum, squares;
  for (std::size_t s = 0; s < sequences; ++s) {
    LogSavings here;
    for (std::size_t i = 0; i < trials.size(); ++i) {
      here.savings += slope[i].savings * static_cast<double>(trials[i].sequence_losses[s]);
      here.growth += slope[i].growth * static_cast<double>(trials[i].sequence_losses[s]);
    }
    sum.savings += here.savings;
    sum.growth += here.growth;
    squares.savings += here.savings * here.savings;
    squares.growth += here.growth * here.growth;
  }
  if (sequences > 0) {
    const auto n = static_cast<double>(sequences);
    variance.savings += (squares.savings - sum.savings * sum.savings / n) / (n * n);
    variance.growth += (squares.growth - sum.growth * sum.growth / n) / (n * n);
  }
  return variance;
}

}  // namespace isoloss
