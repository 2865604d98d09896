// Points that no flag is raised by, to be spoilt one way at a time.
#pragma once
#include <cmath>
#include <string>

#include "analysis/fit/fit.h"
#include "model/spec/counter_random.h"

namespace isoloss {

// 30 points of Hoffmann's form over two decades of N and of D, with scatter.
inline PointTable good_table() {
  PointTable table;
  table.source = "made";
  for (int i = 0; i < 30; ++i) {
    Point p;
    p.architecture = "t";
    p.parameters = 1e7 * std::pow(2.6, i % 6);
    p.tokens = 1e9 * std::pow(3.3, i / 6);
    p.flops = 6 * p.parameters * p.tokens;
    p.loss = (1.8 + 480 * std::pow(p.parameters, -0.35) + 2100 * std::pow(p.tokens, -0.37)) *
             std::exp(0.002 * random_normal(5, 6, static_cast<std::uint64_t>(i)));
    p.budget = p.learning_rate = std::nan("");
    table.points.push_back(p);
  }
  return table;
}

inline Fit fitted(const PointTable& table, const std::string& law = "chinchilla") {
  FitOptions options;
  options.law = law;
  options.bootstrap = 0;
  return fit_law(table, options);
}

// Chinchilla through the points as those of so many runs.
inline Fit fit_of_runs(int runs) {
  PointTable table = good_table();
  for (std::size_t i = 0; i < table.points.size(); ++i) {
    table.points[i].run = std::to_string(static_cast<int>(i) % runs);
  }
  FitOptions options;
  options.law = "chinchilla";
  options.bootstrap = 20;
  return fit_law(table, options);
}

}  // namespace isoloss
