// Trials of several sizes at several budgets that lie on one surface.
#pragma once
#include <cmath>
#include <string>
#include <vector>

#include "analysis/fit/frontier.h"

namespace isoloss {

// L(N, C) = floor(C) + kappa (ln N - a ln C - g)^2 at the given sizes.
inline PointTable surface_table(double kappa, double a, double g,
                                const std::vector<double>& budgets,
                                const std::vector<double>& log_sizes) {
  PointTable table;
  table.source = "made";
  for (std::size_t b = 0; b < budgets.size(); ++b) {
    for (const double x : log_sizes) {
      Point p;
      p.architecture = std::string("t");
      p.parameters = std::exp(x);
      p.parameters_embedding = 0;
      p.tokens = 1;
      p.budget = p.flops = budgets[b];
      p.learning_rate = p.wall_seconds = std::nan("");
      const double off = x - a * std::log(budgets[b]) - g;
      p.loss = 3 - 0.2 * static_cast<double>(b) + kappa * off * off;
      table.points.push_back(p);
    }
  }
  return table;
}

inline Frontier frontier_of(const PointTable& table, FrontierKind kind) {
  FrontierOptions options;
  options.kind = kind;
  return compute_frontier(frontier_trials(table, "t", options), options);
}

// The optimum ln N = .5 ln C - 4 is 9.35, 9.70, 10.04 at the three budgets: inside the sizes.
inline const std::vector<double> kBudgets{4e11, 8e11, 1.6e12};
inline const std::vector<double> kSizes{8.5, 9.2, 9.8, 10.5, 11.2};

}  // namespace isoloss
