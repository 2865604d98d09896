// Frontiers that are power laws, a trial at each budget, and the question what one saves over
// another.
#pragma once
#include <cmath>
#include <string>
#include <vector>

#include "analysis/savings/savings.h"
#include "model/spec/counter_random.h"

namespace isoloss {

// One trial for each budget and seed: L = E + a C^-k and noise.
struct Line {
  std::string name;
  double a, k, floor;
};

inline PointTable table_of(const std::vector<Line>& lines, const std::vector<double>& budgets,
                           int seeds = 1, double noise = 0) {
  PointTable table;
  table.source = "made";
  std::uint64_t draw = 0;
  for (const Line& line : lines) {
    for (int seed = 0; seed < seeds; ++seed) {
      for (const double budget : budgets) {
        Point p;
        p.architecture = line.name;
        p.size = std::string("s");
        p.parameters = p.tokens = p.learning_rate = p.wall_seconds = p.bits_per_byte = std::nan("");
        p.budget = p.flops = budget;
        p.seed = seed;
        p.has_seed = seeds > 1;
        p.loss =
            line.floor + line.a * std::pow(budget, -line.k) + noise * random_normal(11, 5, ++draw);
        table.points.push_back(p);
      }
    }
  }
  return table;
}

inline std::vector<double> budgets(int count, double from = 1e15, double factor = 2) {
  std::vector<double> all;
  for (int i = 0; i < count; ++i) all.push_back(from * std::pow(factor, i));
  return all;
}

inline SavingsOptions against(const std::string& floor, int bootstrap = 200) {
  SavingsOptions options;
  options.baseline = "base";
  options.candidate = "other";
  options.floor = savings_floor_named(floor);
  options.bootstrap = bootstrap;
  return options;
}

// Two lines that one factor of 1.3 sets apart, with noise and seeds.
inline PointTable two_lines(int seeds, double noise) {
  return table_of({{"base", 60, 0.1, 0}, {"other", 60 * std::pow(1.3, -0.1), 0.1, 0}}, budgets(5),
                  seeds, noise);
}

// Six sizes of two seeds at three budgets, of `base` and `other`: the two smallest sizes lie `kink`
// nats above a parabola, seeds differ by .001.
inline PointTable kinked_surface(double kink) {
  PointTable table;
  table.source = "made";
  for (const char* name : {"base", "other"}) {
    for (const double budget : budgets(3)) {
      for (int size = 0; size < 6; ++size) {
        for (const int seed : {0, 1}) {
          Point p = table_of({{name, 0, 1, 3}}, {budget}).points.front();
          p.size = std::to_string(size);
          p.parameters = 1e6 * std::pow(2.0, size);
          p.seed = seed;
          p.has_seed = true;
          p.loss = 60 * std::pow(budget, -0.1) + 0.002 * std::pow(size - 3, 2) +
                   (size < 2 ? kink : 0) + 0.001 * seed;
          table.points.push_back(p);
        }
      }
    }
  }
  return table;
}

}  // namespace isoloss
