#include "analysis/report/report_rates.h"

#include <fmt/format.h>

#include <algorithm>
#include <optional>
#include <set>
#include <string>
#include <vector>

#include "analysis/numbers/statistics.h"
#include "analysis/plot/number_text.h"
#include "analysis/plot/table_of.h"
#include "analysis/report/report_decided_rates.h"

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

std::string arms_text(const Decision& decision) {
  std::string losses;
  for (const DecisionArm& arm : decision.arms) {
    losses += fmt::format("{}{}: {}", losses.empty() ? "" : ", ", significant(arm.learning_rate, 3),
                          arm.diverged ? "diverged" : fixed(arm.selection_loss, 4));
  }
  return losses;
}

std::string unit_of(const StudyResults& study, double budget) {
  std::string unit;
  for (const Point& point : study.all.points) {
    if (point.budget == budget) unit = point.budget_unit;
  }
  return unit;
}

struct CommonRate {
  std::string cell;
  std::optional<double> rate;              // absent: each its own
  std::vector<const Decision*> decisions;  // by architecture; null where there is none
};

}  // namespace

Table decisions_table(const StudyResults& study) {
  TableOf<Decision> table(
      "learning_rates",
      "Learning rates: decided on the selection part of the held-out text, which is not the "
      "part that is reported. Runner-up: its reported loss minus the winner's at the largest "
      "common budget.");
  table.words("architecture", "architecture", &Decision::architecture);
  table.words("decided_at", "decided at", [&](const Decision& decision) {
    return decision.size + ", " + budget_in_words(decision.budget, unit_of(study, decision.budget));
  });
  table.words("holds_for", "holds for", [](const Decision& decision) {
    return fmt::format("{}, {}", decision.every_size ? "every size" : "this size",
                       decision.this_budget_only ? "this budget" : "every budget");
  });
  table.words("losses", "rate: selection loss", arms_text);
  table.significant("learning_rate", "chosen", 3, &Decision::learning_rate);
  table.words("at_edge", "at the edge of the search", [](const Decision& decision) {
    return decision.at_edge ? "yes: may be better beyond" : "no";
  });
  table.words("runner_up", "runner-up check",
              [&](const Decision& decision) { return runner_up_text(study, decision); });
  for (const Decision& decision : study.all.decisions) table.add(decision);
  return table.take();
}

Table common_rates_table(const StudyResults& study) {
  TableOf<CommonRate> table(
      "common_learning_rates",
      "Selection losses at a common learning rate, at the sizes and budgets where rates were "
      "decided; the last row of each is every architecture at its own rate.");
  table.words("cell", "decided at", &CommonRate::cell);
  table.cells({"learning_rate", "learning rate", false},
              [](const CommonRate& at) { return rate_cell(at.rate, "own"); });
  for (std::size_t i = 0; i < study.architectures.size(); ++i) {
    const std::string& name = study.architectures[i];
    table.fixed(name, name, 4, [i](const CommonRate& at) {
      return at.decisions[i] ? loss_at(*at.decisions[i], at.rate) : kNone;
    });
  }
  for (const auto& [size, budget] : decided_at(study)) {
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
    const std::string cell = size + ", " + significant(budget, 4);
    for (const double rate : rates) table.add({cell, rate, of});
    table.add({cell, std::nullopt, of});
  }
  return table.take();
}

}  // namespace isoloss
