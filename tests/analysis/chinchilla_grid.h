// Five sizes at five token counts of a law that is written down here, C = 6 N D.
#pragma once
#include <cmath>

#include "analysis/fit/chinchilla_law.h"
#include "model/spec/counter_random.h"

namespace isoloss::test {

inline constexpr ChinchillaLaw kChinchillaGrid{400, 2000, 1.8, 0.34, 0.36};

// Of architecture "a"; ln(loss) is off by normal noise of that deviation.
inline PointTable chinchilla_grid(double noise) {
  PointTable out;
  std::uint64_t i = 0;
  for (const double parameters : {1e7, 3e7, 1e8, 3e8, 1e9}) {
    for (const double tokens : {3e8, 1e9, 3e9, 1e10, 3e10}) {
      Point p;
      p.architecture = "a";
      p.parameters = parameters;
      p.tokens = tokens;
      p.flops = 6 * parameters * tokens;
      p.loss =
          kChinchillaGrid.loss(parameters, tokens) * std::exp(noise * random_normal(1, 2, i++));
      p.budget = p.learning_rate = std::nan("");
      out.points.push_back(p);
    }
  }
  return out;
}

}  // namespace isoloss::test
