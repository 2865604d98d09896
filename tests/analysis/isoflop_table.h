// Points of exact parabolas in ln N.
#pragma once
#include <cmath>

#include "analysis/fit/fit.h"

namespace isoloss {

// L = 2 + C^-.05 + curvature (ln N - ln N*)^2 with N* = .02 C^.5, D = C / (6 N), `shift` moves the
// sizes off the vertex.
inline PointTable isoflop_table(double curvature, double shift = 0, int sizes = 5) {
  PointTable table;
  table.source = "made";
  for (const double c : {1e17, 1e18, 1e19, 1e20}) {
    for (int i = 0; i < sizes; ++i) {
      Point p;
      p.architecture = "t";
      p.flops = p.budget = c;
      const double off = shift + 0.5 * (i - (sizes - 1) / 2);
      p.parameters = 0.02 * std::sqrt(c) * std::exp(off);
      p.tokens = c / (6 * p.parameters);
      p.loss = 2 + std::pow(c, -0.05) + curvature * off * off;
      p.learning_rate = std::nan("");
      table.points.push_back(p);
    }
  }
  return table;
}

inline FitOptions isoflop() {
  FitOptions options;
  options.law = "isoflop";
  return options;
}

}  // namespace isoloss
