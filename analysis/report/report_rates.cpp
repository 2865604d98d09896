#include "analysis/report/report_rates.h"

#include <fmt/format.h>

#include <algorithm>
#include <cmath>
#include <map>
#include <set>

#include "analysis/numbers/statistics.h"
#include "analysis/plot/number_text.h"

namespace isoloss {
namespace {

// Loss of the decision's runner-up minus the winner's at the largest budget both reached; absent
// where there is none.
std::string runner_up_text(const StudyResults& study, const Decision& decision) {
  const RunRecord* winner = find_run(study, decision.winner);
  const RunRecord* other = find_run(study, decision.runner_up);
  if (!winner || !other) return "not run";
  for (auto a = other->evaluations.rbegin(); a != other->evaluations.rend(); ++a) {
    for (const Evaluation& b : winner->evaluations) {
      if (a->budget != b.budget || a->budget_unit != b.budget_unit) continue;
      return fmt::format(
          "{:+.4f} nats at {} ({} {})", a->loss - b.loss,
          budget_in_words(a->budget, a->budget_unit), significant(other->header.learning_rate, 3),
          a->loss < b.loss ? "is better: the decision did not hold" : "is worse: holds");
    }
  }
  return "no common budget yet";
}

using Cells = std::set<std::pair<std::string, double>>;

Cells cells_of(const std::vector<Point>& points, const std::string& architecture,
               const double* rate) {
  Cells cells;
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
    const Cells own = cells_of(study.results.points, architecture, nullptr);
    const Cells here = cells_of(study.all.points, architecture, &rate);
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

// The arm's selection loss; the winner's where no rate is given; NaN where it has none.
double loss_at(const Decision& decision, const double* rate) {
  const double wanted = rate ? *rate : decision.learning_rate;
  for (const DecisionArm& arm : decision.arms) {
    if (arm.learning_rate == wanted && !arm.diverged) return arm.selection_loss;
  }
  return kNone;
}

// What a difference of loss at one size and budget is worth in the baseline's compute, at the slope
// of its frontier there.
double worth(const StudyResults& study, const Comparison& comparison, double difference) {
  const auto place = static_cast<std::size_t>(style_of(study, comparison.baseline) - 1);
  const double slope = last_slope(study.frontiers[place]);
  return slope < 0 ? std::exp(difference / -slope) : kNone;
}

}  // namespace

Table decisions_table(const StudyResults& study) {
  Table table{
      "learning_rates",
      "Learning rates: decided on the selection part of the held-out text, which is not the "
      "part that is reported. Runner-up: its reported loss minus the winner's at the largest "
      "common budget.",
      {words_column("architecture", "architecture"), words_column("decided_at", "decided at"),
       words_column("holds_for", "holds for"), words_column("losses", "rate: selection loss"),
       number_column("learning_rate", "chosen"),
       words_column("at_edge", "at the edge of the search"),
       words_column("runner_up", "runner-up check")},
      {}};
  for (const Decision& decision : study.all.decisions) {
    std::string losses, unit;
    for (const DecisionArm& arm : decision.arms) {
      losses +=
          fmt::format("{}{}: {}", losses.empty() ? "" : ", ", significant(arm.learning_rate, 3),
                      arm.diverged ? "diverged" : fixed(arm.selection_loss, 4));
    }
    for (const Point& point : study.all.points) {
      if (point.budget == decision.budget) unit = point.budget_unit;
    }
    table.rows.push_back(
        {text_cell(decision.architecture),
         text_cell(decision.size + ", " + budget_in_words(decision.budget, unit)),
         text_cell(fmt::format("{}, {}", decision.every_size ? "every size" : "this size",
                               decision.this_budget_only ? "this budget" : "every budget")),
         text_cell(losses), significant_cell(decision.learning_rate, 3),
         text_cell(decision.at_edge ? "yes: may be better beyond" : "no"),
         text_cell(runner_up_text(study, decision))});
  }
  return table;
}

Table common_rates_table(const StudyResults& study) {
  Table table{
      "common_learning_rates",
      "Selection losses at a common learning rate, at the sizes and budgets where rates were "
      "decided; the last row of each is every architecture at its own rate.",
      {words_column("cell", "decided at"), words_column("learning_rate", "learning rate")},
      {}};
  for (const std::string& architecture : study.architectures) {
    table.columns.push_back(number_column(architecture, architecture));
  }
  std::set<std::pair<std::string, double>> cells;
  for (const Decision& decision : study.all.decisions) {
    cells.insert({decision.size, decision.budget});
  }
  for (const auto& [size, budget] : cells) {
    std::set<double> rates;
    std::vector<const Decision*> of(study.architectures.size(), nullptr);
    for (const Decision& decision : study.all.decisions) {
      const auto place = static_cast<std::size_t>(style_of(study, decision.architecture) - 1);
      if (place >= of.size() || decision.size != size || decision.budget != budget) continue;
      of[place] = &decision;
      for (const DecisionArm& arm : decision.arms) rates.insert(arm.learning_rate);
    }
    if (std::count(of.begin(), of.end(), nullptr) + 1 >= static_cast<std::ptrdiff_t>(of.size())) {
      continue;  // a comparison needs two
    }
    const TableCell cell = text_cell(size + ", " + significant(budget, 4));
    const auto row = [&](TableCell rate, auto&& matches) {
      std::vector<TableCell> out{cell, std::move(rate)};
      for (const Decision* decision : of) {
        double loss = kNone;
        if (decision) {
          for (const DecisionArm& arm : decision->arms) {
            if (matches(*decision, arm) && !arm.diverged) loss = arm.selection_loss;
          }
        }
        out.push_back(fixed_cell(loss, 4));
      }
      table.rows.push_back(std::move(out));
    };
    for (const double rate : rates) {
      row(significant_cell(rate, 3),
          [&](const Decision&, const DecisionArm& arm) { return arm.learning_rate == rate; });
    }
    row(text_cell("own"), [](const Decision& decision, const DecisionArm& arm) {
      return arm.learning_rate == decision.learning_rate;
    });
  }
  return table;
}

Table savings_by_rate_table(const StudyResults& study, const ReportOptions& options) {
  Table table{
      "savings_by_learning_rate",
      "Savings in FLOPs when all train at one learning rate, beside each at its own. Over the "
      "frontiers: where a rate was trained at every size and budget. Where decided: the difference "
      "of the selection losses there, at the slope of the baseline's frontier; no interval.",
      {words_column("candidate", "candidate"), words_column("baseline", "baseline"),
       words_column("learning_rate", "learning rate"), number_column("loss", "loss (nats)"),
       number_column("savings", "over the frontiers"), number_column("interval_low", "from"),
       number_column("interval_high", "to"), words_column("cell", "decided at"),
       number_column("savings_where_decided", "where decided")},
      {}};
  Cells cells;
  for (const Decision& decision : study.all.decisions) {
    cells.insert({decision.size, decision.budget});
  }
  std::set<double> rates;
  for (const Point& point : study.all.points) {
    if (std::isfinite(point.learning_rate)) rates.insert(point.learning_rate);
  }
  for (const Comparison& comparison : study.comparisons) {
    if (comparison.wall_clock || !comparison.savings) continue;
    const std::size_t first = table.rows.size();
    const auto row = [&](const double* rate, const std::optional<Savings>& savings) {
      const SavingsAt at =
          savings ? middle_loss(*savings) : SavingsAt{kNone, kNone, std::nullopt, false};
      const Interval interval = ends_of(at.interval);
      double where_decided = kNone;
      std::string cell_name;
      for (const auto& cell : cells) {
        const Decision* baseline = decision_of(study, comparison.baseline, cell);
        const Decision* candidate = decision_of(study, comparison.candidate, cell);
        if (!baseline || !candidate) continue;
        const double value =
            worth(study, comparison, loss_at(*baseline, rate) - loss_at(*candidate, rate));
        if (!std::isfinite(value)) continue;
        where_decided = value;
        cell_name = cell.first + ", " + significant(cell.second, 4);
      }
      if (!savings && cell_name.empty()) return;
      table.rows.push_back({text_cell(comparison.candidate), text_cell(comparison.baseline),
                            rate ? significant_cell(*rate, 3) : text_cell("each its own"),
                            fixed_cell(at.loss, 3), fixed_cell(at.savings, 2),
                            fixed_cell(interval.first, 2), fixed_cell(interval.second, 2),
                            text_cell(cell_name), fixed_cell(where_decided, 2)});
    };
    for (const double rate : rates) {
      std::optional<Savings> savings;
      if (const auto trials = trials_at(study, comparison, rate)) {
        const Comparison common =
            compare(*trials, comparison.baseline, comparison.candidate, false, options);
        savings = common.savings;
      }
      row(&rate, savings);
    }
    // Nothing is said by the tuned savings alone: the table above has them.
    if (table.rows.size() > first) row(nullptr, comparison.savings);
  }
  return table;
}

}  // namespace isoloss
