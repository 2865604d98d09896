// What raises each flag of a law, of a budget and of a line over budgets, and a near table that
// does not.
#pragma once
#include <cmath>
#include <functional>
#include <string>
#include <vector>

#include "analysis/fit/fit.h"
#include "tests/analysis/good_table.h"
#include "tests/analysis/isoflop_table.h"
#include "tests/analysis/simulated_study.h"

namespace isoloss {

using Flags = std::vector<std::string>;

struct FlagCase {
  std::function<Flags()> raises, near;
};

// One input with a knob: what it is set to where the flag is raised, and where it is not.
template <class Value>
FlagCase knob(Value raised, Value near, std::function<Flags(Value)> flags) {
  return {[=] { return flags(raised); }, [=] { return flags(near); }};
}

// The good table with each point changed, its number given.
inline Flags flags_of_changed(const std::function<void(Point&, int)>& change) {
  PointTable table = good_table();
  for (std::size_t i = 0; i < table.points.size(); ++i) {
    change(table.points[i], static_cast<int>(i));
  }
  return fitted(table).flags;
}

inline double good_loss(const Point& p) {
  return 1.8 + 480 * std::pow(p.parameters, -0.35) + 2100 * std::pow(p.tokens, -0.37);
}

inline double made_noise(int i) { return random_normal(5, 6, static_cast<std::uint64_t>(i)); }

// Nats that the floor is off 1.8: below zero no floor is.
inline FlagCase floor_at_bound() {
  return knob<double>(-1.95, -1.7, [](double off) {
    return flags_of_changed([&](Point& p, int) { p.loss = good_loss(p) + off; });
  });
}

// Eight points within a decade of 2 + 3 (C / 1e18)^-1, some percent of noise. The term at 1e18
// FLOPs is known, a is that at one: where the exponent's interval spans a third, a's spans six
// decades.
inline FlagCase undetermined() {
  return knob<double>(0.03, 1e-4, [](double noise) {
    PointTable table = good_table();
    table.points.resize(8);
    for (int i = 0; i < 8; ++i) {
      Point& p = table.points[static_cast<std::size_t>(i)];
      p.flops = 1e18 * std::pow(10.0, i / 8.0);
      p.loss = (2 + 3e18 / p.flops) * std::exp(noise * made_noise(i));
    }
    return fitted(table, "power").flags;
  });
}

// Nats that the sizes make, under one percent of noise.
inline FlagCase unidentified() {
  return knob<double>(0.02, 1, [](double nats) {
    return flags_of_changed([&](Point& p, int i) {
      p.loss =
          (1.8 + nats * std::pow(p.parameters / 1e7, -0.35) + 2100 * std::pow(p.tokens, -0.37)) *
          std::exp(0.01 * made_noise(i));
    });
  });
}

// Sizes over two decades about the best, of which parabolas make another frontier; over one not.
inline FlagCase outside_interval() {
  return knob<bool>(true, false, [](bool wide) {
    const test::StudyLayout layout = wide ? test::wide_layout() : test::large_layout();
    FitOptions options;
    options.architecture = "base";
    options.frontier = FrontierKind::Surface;
    options.bootstrap = 0;
    return fit_law(test::simulate(layout, 3), options).flags;
  });
}

// 2.07 decades of parameters, to a power: .97 and 1.02 are left.
inline FlagCase narrow_range() {
  return knob<double>(0.47, 0.49, [](double power) {
    return flags_of_changed([&](Point& p, int) {
      p.parameters = 1e7 * std::pow(p.parameters / 1e7, power);
      p.loss = good_loss(p);
    });
  });
}

// 2.07 decades of tokens likewise.
inline FlagCase narrow_range_of() {
  return knob<double>(0.47, 0.49, [](double power) {
    return flags_of_changed([&](Point& p, int) {
      p.tokens = 1e9 * std::pow(p.tokens / 1e9, power);
      p.loss = good_loss(p);
    });
  });
}

// Four exponents and coefficients and four more.
inline FlagCase few_points() {
  return knob<std::size_t>(7, 8, [](std::size_t points) {
    PointTable table = good_table();
    table.points.resize(points);
    return fitted(table).flags;
  });
}

inline Flags flags_of_runs(int runs) { return fit_of_runs(runs).flags; }

// Seeds so far apart that their noise leaves hardly a draw its frontier.
inline FlagCase bootstrap_failed() {
  return knob<double>(1, 1e-3, [](double apart) {
    test::StudyLayout layout = test::large_layout();
    layout.evaluation_noise = 0;
    PointTable table = test::simulate(layout, 1);
    for (Point& p : table.points) p.loss += p.seed == 0 ? apart : -apart;
    FitOptions options;
    options.architecture = "base";
    options.frontier = FrontierKind::Surface;
    options.bootstrap = 20;
    return fit_law(table, options).flags;
  });
}

// Without its floor the law misses by far more than seeds differ.
inline FlagCase scatter_beyond_noise() {
  return knob<FloorChoice::Kind>(FloorChoice::Zero, FloorChoice::Free, [](FloorChoice::Kind kind) {
    test::StudyLayout layout = test::large_layout();
    layout.evaluation_noise = 0.0005;
    FitOptions options;
    options.architecture = "base";
    options.law = "chinchilla";
    options.objective = ObjectiveKind::Squares;
    options.bootstrap = 0;
    options.floor = {kind, 0};
    return fit_law(test::simulate(layout, 1), options).flags;
  });
}

// The scatter is .002.
inline FlagCase outlier() {
  return knob<double>(1.05, 1.002, [](double factor) {
    PointTable table = good_table();
    table.points[12].loss *= factor;
    return fitted(table).flags;
  });
}

// How many rows lie three decades above the others.
inline FlagCase high_leverage() {
  return knob<std::size_t>(1, 2, [](std::size_t far) {
    PointTable table = good_table();
    for (std::size_t i = 0; i < table.points.size(); ++i) {
      Point& p = table.points[i];
      p.flops = 1e18 * (1 + 0.01 * random_uniform(1, 2, i)) * (i < far ? 1e3 : 1);
      p.loss = (i < far ? 2.2 : 3) + 0.01 * random_normal(1, 3, i);
    }
    FitOptions options;
    options.bootstrap = 0;
    options.floor = {FloorChoice::Zero, 0};
    return fit_law(table, options).flags;
  });
}

// A row again at so many times its size.
inline FlagCase near_duplicate_rows() {
  return knob<double>(1.0005, 1.002, [](double factor) {
    PointTable table = good_table();
    table.points.push_back(table.points[4]);
    table.points.back().parameters *= factor;
    return fitted(table).flags;
  });
}

// Nats that a size e times the best of its budget loses, as if each size were on the frontier.
inline FlagCase points_off_frontier() {
  return knob<double>(0.03, 0, [](double curvature) {
    FitOptions options;
    options.bootstrap = 0;
    return fit_law(isoflop_table(curvature), options).flags;
  });
}

inline FlagCase several_architectures() {
  return knob<std::string>("", "t", [](const std::string& chosen) {
    PointTable table = good_table();
    table.points[3].architecture = "u";
    FitOptions options;
    options.law = "chinchilla";
    options.bootstrap = 0;
    options.architecture = chosen;
    return fit_law(table, options).flags;
  });
}

// Where every set has a floor of its own, one law holds for them.
inline FlagCase several_evaluation_sets() {
  return knob<std::string>("one", "other", [](const std::string& of_first) {
    PointTable table = good_table();
    table.other_columns = {"evaluation"};
    for (Point& point : table.points) point.other = {"other"};
    table.points[0].other = {of_first};
    return fitted(table).flags;
  });
}

// The first budget's losses, by how far in ln N a size lies off the best and which it is.
inline Flags flags_of_first_budget(double shift, double curvature, std::size_t sizes = 5) {
  PointTable table = isoflop_table(0.03);
  for (std::size_t i = 0; i < 5; ++i) {
    Point& p = table.points[i];
    p.parameters *= std::exp(shift);
    const double off = std::log(p.parameters / (0.02 * std::sqrt(p.flops)));
    p.loss = 2.2 + curvature * off * off;
  }
  table.points.erase(table.points.begin(), table.points.begin() + 5 - static_cast<long>(sizes));
  return fit_law(table, isoflop()).flags;
}

// Sizes from e^-1 to e^1 times the best, moved.
inline FlagCase vertex_outside() {
  return knob<double>(1.1, 0.9, [](double shift) { return flags_of_first_budget(shift, 0.03); });
}

inline FlagCase no_interior_minimum() {
  return knob<double>(-1e-3, 1e-3,
                      [](double curvature) { return flags_of_first_budget(0, curvature); });
}

inline FlagCase too_few_sizes() {
  return knob<std::size_t>(
      2, 3, [](std::size_t sizes) { return flags_of_first_budget(-0.5, 0.03, sizes); });
}

// Into how many runs the twenty points of four budgets fall: the fifth point is of the next budget.
inline FlagCase budgets_share_runs() {
  return knob<int>(5, 20, [](int runs) {
    PointTable table = isoflop_table(0.03);
    for (std::size_t i = 0; i < table.points.size(); ++i) {
      table.points[i].run = "run " + std::to_string(static_cast<int>(i) % runs);
    }
    return fit_law(table, isoflop()).flags;
  });
}

}  // namespace isoloss
