// What raises each flag of a frontier, of its noise and of a comparison, and a near study that does
// not.
#pragma once
#include <algorithm>
#include <cmath>
#include <string>
#include <vector>

#include "analysis/savings/savings.h"
#include "tests/analysis/frontier_lines.h"
#include "tests/analysis/law_flag_cases.h"
#include "tests/analysis/surface_table.h"

namespace isoloss {

// The smallest budget has its best size at e^(.5 ln C - 4): 7.6 and 9.35 where sizes begin at 8.5.
inline FlagCase best_size_at_edge() {
  return knob<double>(1.2e10, 4e11, [](double smallest) {
    return left_out(frontier_of(surface_table(0.04, 0.5, -4, {smallest, 8e11, 1.6e12}, kSizes),
                                FrontierKind::Surface));
  });
}

// By how many nats the smallest size leads where the surface's best is inside and scatter is .004.
inline FlagCase best_size_near_edge() {
  return knob<double>(0.001, -0.02, [](double lead) {
    PointTable table = surface_table(0.04, 0.5, -4, kBudgets, kSizes);
    for (std::size_t i = 0; i < table.points.size(); ++i) {
      table.points[i].loss += i % 2 ? 0.004 : -0.004;
    }
    table.points[0].loss = table.points[2].loss - lead;
    return left_out(frontier_of(table, FrontierKind::Surface));
  });
}

// The loss of the outer sizes of a budget whose inner ones are 2.4, 1.9 and 2.4: the parabola opens
// downwards below, upwards above.
inline FlagCase budget_left_out() {
  return knob<double>(2.0, 3.0, [](double outer) {
    PointTable table = surface_table(0.04, 0.5, -4, {4e11}, {8, 9, 10, 11, 12});
    const double losses[] = {outer, 2.4, 1.9, 2.4, outer};
    for (std::size_t i = 0; i < 5; ++i) table.points[i].loss = losses[i];
    return left_out(frontier_of(table, FrontierKind::IsoFlop));
  });
}

inline Flags flags_of(const PointTable& table, const SavingsOptions& options = against("zero")) {
  return compute_savings(table, options).flags;
}

// The third loss against the second's.
inline FlagCase frontier_not_monotone() {
  return knob<double>(0.001, -0.001, [](double above) {
    PointTable table = two_lines(1, 0);
    table.points[2].loss = table.points[1].loss + above;
    return flags_of(table);
  });
}

// Nats of a kink that parabolas do not follow.
inline FlagCase surface_misfit() {
  return knob<double>(0.2, 0.002, [](double kink) {
    SavingsOptions options = against("zero", 20);
    options.frontier = FrontierKind::Surface;
    return flags_of(kinked_surface(kink), options);
  });
}

// How many times as large each of six sizes is as the one before.
inline FlagCase coarse_envelope() {
  return knob<double>(2, 1.2, [](double ratio) {
    PointTable table = kinked_surface(0);
    for (Point& p : table.points) p.parameters = 1e6 * std::pow(ratio, std::stoi(p.size));
    SavingsOptions options = against("zero", 0);
    options.frontier = FrontierKind::Envelope;
    return flags_of(table, options);
  });
}

// Budgets of both frontiers: from six on a floor is fitted.
inline FlagCase floor_needs_budgets() {
  return knob<int>(5, 6, [](int count) {
    const Line base{"base", 60, 0.1, 0}, other{"other", 50, 0.1, 0};
    return flags_of(table_of({base, other}, budgets(count)), against("auto"));
  });
}

inline FlagCase seed_noise_not_measured() {
  return knob<int>(1, 2, [](int seeds) { return flags_of(two_lines(seeds, 0.002)); });
}

// Whether the candidate has its second seed.
inline FlagCase few_replicates() {
  return knob<bool>(false, true, [](bool both) {
    PointTable table = two_lines(2, 0.002);
    std::erase_if(table.points,
                  [&](const Point& p) { return !both && p.architecture == "other" && p.seed; });
    return flags_of(table, against("zero", 20));
  });
}

// Losses by sequence.
inline FlagCase held_out_noise_not_measured() {
  return knob<std::size_t>(0, 8, [](std::size_t sequences) {
    PointTable table = two_lines(2, 0.002);
    for (Point& p : table.points) p.sequence_losses.assign(sequences, static_cast<float>(p.loss));
    return flags_of(table, against("zero", 20));
  });
}

// A floor so far below the lowest loss, where draws move losses by .01.
inline FlagCase draws_failed() {
  return knob<double>(1e-4, 0.5, [](double below) {
    const PointTable table = two_lines(2, 0.01);
    double lowest = INFINITY;
    for (const FrontierPoint& p :
         compute_savings(table, against("zero", 0)).candidate_frontier.points) {
      lowest = std::min(lowest, p.loss);
    }
    return flags_of(table, against(std::to_string(lowest - below), 200));
  });
}

// Seeds of ten trials each: 20,000,000 trials times draws are made.
inline FlagCase draws_reduced() {
  return knob<int>(
      20'001, 2, [](int seeds) { return flags_of(two_lines(seeds, 0.01), against("zero", 100)); });
}

// The candidate's floor, the baseline's is 1.9.
inline FlagCase floors_differ_by() {
  return knob<double>(1.4, 1.9, [](double floor) {
    const Line base{"base", 300, 0.15, 1.9}, other{"other", 280, 0.15, floor};
    return flags_of(table_of({base, other}, budgets(9, 1e15, 3), 2, 1e-3), against("auto"));
  });
}

// The candidate's slope, the baseline's is .1.
inline FlagCase slopes_differ_by() {
  return knob<double>(0.12, 0.1, [](double k) {
    const Line base{"base", 60, 0.1, 0}, other{"other", 55 * std::pow(1e15, k - 0.1), k, 0};
    return flags_of(table_of({base, other}, budgets(6), 3, 0.001));
  });
}

// Budgets a factor of two apart: 1.2 and 1.5 decades.
inline FlagCase growth_not_resolved() {
  return knob<int>(5, 6, [](int count) {
    const Line base{"base", 60, 0.1, 0}, other{"other", 60 * std::pow(1e15, 0.02), 0.12, 0};
    return flags_of(table_of({base, other}, budgets(count), 3, 0.001));
  });
}

// What the candidate truly saves.
inline FlagCase savings_not_resolved() {
  return knob<double>(1, 1.3, [](double factor) {
    const Line base{"base", 60, 0.1, 0}, other{"other", 60 * std::pow(factor, -0.1), 0.1, 0};
    return flags_of(table_of({base, other}, budgets(5), 2, 0.002));
  });
}

// Both frontiers reach from 60 (1.6e16)^-.1 = 1.444 to 60 (1.3e15)^-.1 = 1.848.
inline FlagCase extrapolated() {
  return knob<double>(1.40, 1.48, [](double loss) {
    SavingsOptions options = against("zero");
    options.at = {loss};
    return flags_of(two_lines(1, 0), options);
  });
}

// How many of the candidate's 6 N D its FLOPs are; the baseline's are all.
inline FlagCase mixed_conventions() {
  return knob<double>(0.9, 1, [](double share) {
    PointTable table = two_lines(1, 0);
    for (Point& p : table.points) {
      p.parameters = 1e6;
      p.tokens = p.flops / 6 / p.parameters * (p.architecture == "base" ? 1 : share);
    }
    SavingsOptions options = against("zero");
    options.frontier = FrontierKind::Points;
    return flags_of(table, options);
  });
}

inline FlagCase learning_rate_at_edge() {
  return knob<bool>(true, false, [](bool at_edge) {
    PointTable table = two_lines(1, 0);
    Decision decision;
    decision.architecture = "base";
    decision.size = "s";
    decision.learning_rate = 0.09;
    decision.at_edge = at_edge;
    table.decisions.push_back(decision);
    return flags_of(table);
  });
}

// Tokens trained on of a text of 1e9.
inline FlagCase text_repeats() {
  return knob<double>(1.1e9, 0.9e9, [](double tokens) {
    PointTable table = two_lines(1, 0);
    RunRecord run;
    run.header.architecture = "base";
    run.header.training_tokens = 1e9;
    run.evaluations.emplace_back().tokens = tokens;
    table.runs.push_back(run);
    return flags_of(table);
  });
}

inline FlagCase wall_clock_as_measured() {
  return knob<bool>(true, false, [](bool in_seconds) {
    PointTable table = two_lines(1, 0);
    for (Point& p : table.points) p.wall_seconds = p.flops / 1e12;
    SavingsOptions options = against("zero");
    options.wall_clock = in_seconds;
    return flags_of(table, options);
  });
}

// Whether the candidate takes less time for more compute, so that seconds have no frontier.
inline FlagCase wall_clock_refused() {
  return knob<double>(-1, 1, [](double power) {
    PointTable table = two_lines(1, 0);
    for (Point& p : table.points) {
      p.wall_seconds = std::pow(p.flops / 1e15, p.architecture == "base" ? 1 : power);
    }
    Savings savings = compute_savings(table, against("zero"));
    savings_in_seconds(table, against("zero"), savings);
    return savings.flags;
  });
}

}  // namespace isoloss
