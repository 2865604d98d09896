// The table of savings at common learning rates (report_rates.h).
#include <algorithm>
#include <cmath>
#include <optional>
#include <set>
#include <string>
#include <utility>
#include <vector>

#include "analysis/numbers/statistics.h"
#include "analysis/plot/number_text.h"
#include "analysis/report/report_decided_rates.h"
#include "analysis/report/report_pair_columns.h"
#include "analysis/report/report_rates.h"

namespace isoloss {
namespace {

SizesAndBudgets cells_of(const std::vector<Point>& points, const std::string& architecture,
                         const double* rate) {
  SizesAndBudgets cells;
  for (const Point& point : points) {
    if (point.architecture != architecture || (rate && point.learning_rate != *rate)) continue;
    cells.insert({point.size, point.budget});
  }
  return cells;
}

// Every trial of both at `rate`, searches' losing arms among them, as a table of results; empty
// where one of them lacks a size and budget that its own frontier has.
std::optional<PointTable> trials_at(const StudyResults& study, const Comparison& comparison,
                                    double rate) {
  for (const std::string& architecture : {comparison.baseline, comparison.candidate}) {
    const SizesAndBudgets own = cells_of(study.results.points, architecture, nullptr);
    const SizesAndBudgets here = cells_of(study.all.points, architecture, &rate);
    if (!std::includes(here.begin(), here.end(), own.begin(), own.end())) return std::nullopt;
  }
  PointTable table = study.all;
  std::erase_if(table.points, [&](const Point& point) { return point.learning_rate != rate; });
  for (Point& point : table.points) point.role = "result";
  return table;
}

const Decision* decision_of(const StudyResults& study, const std::string& architecture,
                            const std::pair<std::string, double>& cell) {
  for (const Decision& decision : study.all.decisions) {
    if (decision.architecture == architecture && decision.size == cell.first &&
        decision.budget == cell.second) {
      return &decision;
    }
  }
  return nullptr;
}

// What a difference of loss at one size and budget is worth in the baseline's compute, at the slope
// of its frontier there.
double worth(const StudyResults& study, const Comparison& comparison, double difference) {
  const auto place = static_cast<std::size_t>(style_of(study, comparison.baseline) - 1);
  const double slope = last_slope(study.frontiers[place]);
  return slope < 0 ? std::exp(difference / -slope) : kNone;
}

struct SavingsAtRate {
  std::optional<double> rate;  // absent: each its own
  std::string cell;            // the last where both decided; empty where there is none
  double where_decided = kNone;
  SavingsAt frontiers{kNone, kNone, std::nullopt, false};
};

SavingsAtRate where_decided(const StudyResults& study, const Comparison& comparison,
                            std::optional<double> rate) {
  SavingsAtRate at;
  at.rate = rate;
  for (const auto& cell : decided_at(study)) {
    const Decision* baseline = decision_of(study, comparison.baseline, cell);
    const Decision* candidate = decision_of(study, comparison.candidate, cell);
    if (!baseline || !candidate) continue;
    const double value =
        worth(study, comparison, loss_at(*baseline, rate) - loss_at(*candidate, rate));
    if (!std::isfinite(value)) continue;
    at.where_decided = value;
    at.cell = cell.first + ", " + significant(cell.second, 4);
  }
  return at;
}

}  // namespace

Table savings_by_rate_table(const StudyResults& study, const ReportOptions& options) {
  TableOf<Comparison, SavingsAtRate> table(
      "savings_by_learning_rate",
      "Savings in FLOPs when all train at one learning rate, beside each at its own. Over the "
      "frontiers: where a rate was trained at every size and budget. Where decided: the difference "
      "of the selection losses there, at the slope of the baseline's frontier; no interval.");
  pair_columns(table);
  table.cells({"learning_rate", "learning rate", false},
              [](const SavingsAtRate& at) { return rate_cell(at.rate, "each its own"); });
  table.fixed("loss", "loss (nats)", 3, [](const SavingsAtRate& at) { return at.frontiers.loss; });
  table.fixed("savings", "over the frontiers", 2,
              [](const SavingsAtRate& at) { return at.frontiers.savings; });
  table.fixed_ends("interval", 2, [](const SavingsAtRate& at) { return at.frontiers.interval; });
  table.words("cell", "decided at", &SavingsAtRate::cell);
  table.fixed("savings_where_decided", "where decided", 2, &SavingsAtRate::where_decided);
  std::set<double> rates;
  for (const Point& point : study.all.points) {
    if (std::isfinite(point.learning_rate)) rates.insert(point.learning_rate);
  }
  for (const Comparison& comparison : study.comparisons) {
    if (comparison.wall_clock || !comparison.savings) continue;
    const std::size_t first = table.size();
    const auto add = [&](std::optional<double> rate, const std::optional<Savings>& savings) {
      SavingsAtRate at = where_decided(study, comparison, rate);
      if (savings) at.frontiers = middle_loss(*savings);
      if (savings || !at.cell.empty()) table.add(comparison, at);
    };
    for (const double rate : rates) {
      std::optional<Savings> savings;
      if (const auto trials = trials_at(study, comparison, rate)) {
        const Comparison common =
            compare(*trials, comparison.baseline, comparison.candidate, false, options);
        savings = common.savings;
      }
      add(rate, savings);
    }
    // Nothing is said by the tuned savings alone: the table above has them.
    if (table.size() > first) add(std::nullopt, comparison.savings);
  }
  return table.take();
}

}  // namespace isoloss
