// Studies whose truth is known: every architecture follows L = E + A N^-alpha + B D^-beta with
// C = 6 N D (Hoffmann et al. 2022), so that its compute-optimal frontier is L = E + K C^-gamma with
// gamma = alpha beta / (alpha + beta); losses carry run and evaluation noise.
#pragma once
#include <fmt/format.h>

#include <cmath>
#include <string>
#include <vector>

#include "analysis/points/points.h"
#include "model/spec/counter_random.h"

namespace isoloss::test {

struct TrueLaw {
  std::string name;
  double a, b, floor, alpha, beta;

  double loss(double parameters, double tokens) const {
    return floor + a * std::pow(parameters, -alpha) + b * std::pow(tokens, -beta);
  }
  double gamma() const { return alpha * beta / (alpha + beta); }
  double optimal_parameters(double flops) const {
    const double g = std::pow(alpha * a / (beta * b), 1 / (alpha + beta));
    return g * std::pow(flops / 6, beta / (alpha + beta));
  }
  double optimal_loss(double flops) const {
    const double n = optimal_parameters(flops);
    return loss(n, flops / 6 / n);
  }
  double compute_at(double at) const {
    return std::pow((at - floor) / (optimal_loss(1) - floor), -1 / gamma());
  }
};

// The same law at `factor` times less compute, whatever the loss.
inline TrueLaw saving(TrueLaw law, const std::string& name, double factor) {
  law.name = name;
  law.b *= std::pow(factor, -law.beta);
  return law;
}

struct StudyLayout {
  std::string name;
  std::vector<TrueLaw> laws;  // the baseline, the candidate, others
  std::vector<double> sizes;
  std::vector<double> budgets;
  // Tokens a parameter instead: every size at FLOPs of its own, and the table names no budgets.
  std::vector<double> ratios = {};
  std::vector<int> seeds;  // by size
  double run_noise = 0;    // common to the budgets of a run
  double evaluation_noise = 0;
  bool one_run = true;       // budgets of a size and seed are one run
  bool knows_floor = false;  // the table says E
  double smallest_to = 0;    // the smallest size stops at this budget; 0: at the last
  double near = 0;           // only sizes within this factor of the baseline's best; 0: all
  double largest_from = 0;   // the largest size is measured from this budget on
};

inline PointTable simulate(const StudyLayout& layout, std::uint64_t repeat) {
  static const std::uint64_t kRun = stream_of("simulated/run");
  static const std::uint64_t kEvaluation = stream_of("simulated/evaluation");
  PointTable table;
  table.source = layout.name;
  if (layout.knows_floor) table.floor = layout.laws.front().floor;
  std::uint64_t run = 0, evaluation = 0;
  for (const TrueLaw& law : layout.laws) {
    for (std::size_t s = 0; s < layout.sizes.size(); ++s) {
      for (int seed = 0; seed < layout.seeds[s]; ++seed) {
        ++run;
        const bool ladder = !layout.ratios.empty();
        const std::size_t budgets = ladder ? layout.ratios.size() : layout.budgets.size();
        for (std::size_t k = 0; k < budgets; ++k) {
          const double size = layout.sizes[s];
          const double budget = ladder ? 6 * size * size * layout.ratios[k] : layout.budgets[k];
          if (s == 0 && layout.smallest_to > 0 && budget > layout.smallest_to) continue;
          if (s + 1 == layout.sizes.size() && budget < layout.largest_from) continue;
          const double off = layout.sizes[s] / layout.laws.front().optimal_parameters(budget);
          if (layout.near > 0 && std::abs(std::log(off)) > std::log(layout.near)) continue;
          Point p;
          p.architecture = law.name;
          p.size = fmt::format("s{}", s);
          p.parameters = layout.sizes[s];
          p.flops = p.budget = budget;
          if (ladder) p.budget = std::nan("");
          p.tokens = budget / 6 / p.parameters;
          p.seed = seed;
          p.has_seed = true;
          p.learning_rate = 0.05;
          p.wall_seconds = p.bits_per_byte = std::nan("");
          p.run = fmt::format("{}-{}-{}", law.name, s, seed);
          if (!layout.one_run) p.run += fmt::format("-{}", k);
          const double shared = random_normal(repeat, kRun, layout.one_run ? run : run * 100 + k);
          p.loss = law.loss(p.parameters, p.tokens) + layout.run_noise * shared +
                   layout.evaluation_noise * random_normal(repeat, kEvaluation, ++evaluation);
          table.points.push_back(std::move(p));
        }
      }
    }
  }
  return table;
}

// A run that the study lacks: the true best size of `law` at `flops`, with noise of its own.
inline Point new_run(const StudyLayout& layout, const TrueLaw& law, double flops,
                     std::uint64_t repeat) {
  const std::uint64_t stream = stream_of("simulated/new " + layout.name);
  Point p;
  p.architecture = law.name;
  p.flops = flops;
  p.parameters = law.optimal_parameters(flops);
  p.tokens = flops / 6 / p.parameters;
  p.loss = law.loss(p.parameters, p.tokens) + layout.run_noise * random_normal(repeat, stream, 0) +
           layout.evaluation_noise * random_normal(repeat, stream, 1);
  return p;
}

// At the scale of the quickstart: a slope of .11 nats per e-fold of compute at a loss of 1.8.
inline TrueLaw quickstart_law() { return {"base", 13.7, 59.8, 1.17, 0.35, 0.35}; }

// Five sizes, three budgets, three seeds at two sizes, four architectures; seeds deviate by .007.
inline StudyLayout quickstart_layout() {
  StudyLayout layout;
  layout.name = "quickstart";
  const TrueLaw base = quickstart_law();
  layout.laws = {base, saving(base, "other", 1.5), saving(base, "third", 1.3),
                 saving(base, "fourth", 1.7)};
  layout.sizes = {20e3, 33e3, 57e3, 123e3, 213e3};
  layout.seeds = {1, 3, 3, 1, 1};
  layout.budgets = {4.3e11, 9.3e11, 2e12};
  layout.run_noise = 0.0055;
  layout.evaluation_noise = 0.0045;
  layout.knows_floor = true;
  layout.smallest_to = 9.3e11;
  layout.largest_from = 2e12;
  return layout;
}

// Eight budgets over 2.6 decades, about five sizes around each one's best, two seeds, a run for
// each budget.
inline StudyLayout large_layout() {
  StudyLayout layout;
  layout.name = "large";
  const TrueLaw base{"base", 406.4, 410.7, 1.69, 0.34, 0.28};
  layout.laws = {base, saving(base, "other", 1.5)};
  for (int i = 0; i < 8; ++i) layout.budgets.push_back(1e18 * std::pow(10.0, 2.6 / 7 * i));
  for (int i = 0; i < 14; ++i) layout.sizes.push_back(2.2e7 * std::pow(1.5, i));
  layout.near = 2.8;
  layout.seeds.assign(layout.sizes.size(), 2);
  layout.evaluation_noise = 0.005;
  layout.one_run = false;
  return layout;
}

// The same budgets with thirteen sizes over two decades at each: no parabola describes them.
inline StudyLayout wide_layout() {
  StudyLayout layout = large_layout();
  layout.name = "wide";
  layout.near = 12;
  layout.sizes.clear();
  for (int i = 0; i < 26; ++i) layout.sizes.push_back(1.9e6 * std::pow(1.5, i));
  layout.seeds.assign(layout.sizes.size(), 2);
  return layout;
}

// Four sizes of two runs, each measured at twelve checkpoints whose losses move together.
inline StudyLayout checkpoint_layout() {
  StudyLayout layout;
  layout.name = "checkpoints";
  const TrueLaw base = quickstart_law();
  layout.laws = {base, saving(base, "other", 1.5)};
  layout.sizes = {16e3, 33e3, 66e3, 132e3};
  layout.seeds.assign(4, 2);
  for (int i = 0; i < 12; ++i) layout.budgets.push_back(4e11 * std::pow(6.0, i / 11.0));
  layout.run_noise = 0.006;
  layout.evaluation_noise = 0.003;
  layout.knows_floor = true;
  return layout;
}

// Studies without a replicate, whose intervals rest on the scatter about the law alone. `single`:
// `large` with one seed, some forty points of an architecture, enough to resample.
inline StudyLayout single_layout() {
  StudyLayout layout = large_layout();
  layout.name = "single";
  layout.seeds.assign(layout.sizes.size(), 1);
  return layout;
}

// Some twenty points: about five sizes around each one's best of four budgets.
inline StudyLayout small_layout() {
  StudyLayout layout = single_layout();
  layout.name = "small";
  layout.near = 4;
  layout.sizes.clear();
  for (int i = 0; i < 10; ++i) layout.sizes.push_back(2.2e7 * std::pow(1.7, i));
  layout.seeds.assign(layout.sizes.size(), 1);
  layout.budgets = {1e18, 5e18, 2.5e19, 1.25e20};
  return layout;
}

// Four sizes, each trained for half to ten times twenty tokens a parameter, two seeds of each.
inline StudyLayout ladder_layout() {
  StudyLayout layout = large_layout();
  layout.name = "ladder";
  layout.near = 0;
  layout.budgets.clear();
  layout.sizes = {190e6, 370e6, 760e6, 1.3e9};
  layout.ratios = {10, 20, 40, 100, 200};
  layout.seeds.assign(layout.sizes.size(), 2);
  layout.evaluation_noise = 0.003;
  layout.knows_floor = true;
  return layout;
}

// One run of each of ten sizes, measured at twelve checkpoints whose losses move together.
inline StudyLayout curves_layout() {
  StudyLayout layout = checkpoint_layout();
  layout.name = "curves";
  layout.sizes.clear();
  for (int i = 0; i < 10; ++i) layout.sizes.push_back(16e3 * std::pow(1.26, i));
  layout.seeds.assign(layout.sizes.size(), 1);
  return layout;
}

}  // namespace isoloss::test
