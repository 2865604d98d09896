#include "analysis/savings/next_places.h"

#include <algorithm>
#include <cmath>
#include <optional>

#include "analysis/fit/chinchilla_fit.h"
#include "analysis/fit/fit_intervals.h"
#include "analysis/numbers/statistics.h"
#include "analysis/points/one_budget.h"
#include "analysis/savings/law_design.h"

namespace isoloss {
namespace {

constexpr double kSameSize = 1.02;  // nearer ones are one
constexpr double kApart = 1.5;      // neighbours nearer than this have nothing between them
constexpr double kRatioBeyond = 2;

struct Level {
  double value = 0;
  bool is_new = false, beyond = false;
};

// The values, one between each two neighbours, and one beyond either end.
std::vector<Level> levels_of(std::vector<double> values, double same_within) {
  std::sort(values.begin(), values.end());
  const auto same = [&](double a, double b) { return b / a < same_within; };
  values.erase(std::unique(values.begin(), values.end(), same), values.end());
  std::vector<Level> out;
  std::vector<double> ratios;
  for (std::size_t i = 0; i < values.size(); ++i) {
    out.push_back({values[i]});
    if (i + 1 == values.size()) break;
    ratios.push_back(values[i + 1] / values[i]);
    if (ratios.back() >= kApart) out.push_back({std::sqrt(values[i] * values[i + 1]), true});
  }
  if (ratios.empty()) return out;
  const double step = quantile(ratios, 0.5);
  out.push_back({values.front() / step, true, true});
  out.push_back({values.back() * step, true, true});
  return out;
}

// FLOPs of each trial as they were budgeted, where the budgets are FLOPs, else as they were spent.
std::vector<double> budgets_of(const std::vector<Point>& trials) {
  const bool nominal = std::all_of(trials.begin(), trials.end(), [](const Point& p) {
    return of_one_isoflop_curve(budget_of(p), p.flops);
  });
  std::vector<double> out;
  for (const Point& p : trials) out.push_back(nominal ? budget_of(p) : p.flops);
  return out;
}

std::vector<Point> run_to(const LawDesign& law, const Level& size, const Level& budget,
                          const std::vector<double>& passed) {
  std::vector<Point> run;
  const auto evaluate = [&](double flops) {
    Point p;
    p.architecture = law.trials().front().architecture;
    p.parameters = size.value;
    p.flops = p.budget = flops;
    p.tokens = flops / law.product() / size.value;
    p.run = std::string("planned");
    run.push_back(std::move(p));
  };
  for (const double earlier : passed) {
    if (earlier * kIsoFlopSpread < budget.value) evaluate(earlier);
  }
  evaluate(budget.value);
  return run;
}

Interval tokens_per_parameter(const std::vector<Point>& trials) {
  Interval range{INFINITY, 0};
  for (const Point& p : trials) {
    range.first = std::min(range.first, p.tokens / p.parameters);
    range.second = std::max(range.second, p.tokens / p.parameters);
  }
  return range;
}

// What both laws say of the savings, and how far the trials let it be known.
struct Targets {
  LawCoordinates savings, growth;
  double savings_variance = 0, growth_variance = 0;
};

Targets targets_of(const LawDesign& law, const SavingsQuestion& question) {
  Targets out;
  out.savings = law.slope(question.loss);
  const Interval& overlap = question.savings.overlap;
  out.growth = law.slope(overlap.first) - law.slope(overlap.second);
  out.savings_variance = law.variance(out.savings);
  out.growth_variance = law.variance(out.growth);
  return out;
}

void add_places(const LawDesign& law, const Targets& own, const Targets& other,
                std::vector<NextPlace>& out) {
  std::vector<double> sizes, passed;
  for (const Point& p : law.trials()) sizes.push_back(p.parameters);
  const std::vector<Level> budgets = levels_of(budgets_of(law.trials()), kIsoFlopSpread);
  if (!runs_of(law.trials()).empty()) {  // measured at the budgets they pass
    for (const Level& budget : budgets) {
      if (!budget.is_new) passed.push_back(budget.value);
    }
  }
  const Interval ratio = tokens_per_parameter(law.trials());
  const auto narrower = [](double now, double then) { return 1 - std::sqrt(then / now); };
  for (const Level& size : levels_of(sizes, kSameSize)) {
    for (const Level& budget : budgets) {
      const std::vector<Point> run = run_to(law, size, budget, passed);
      const Point& end = run.back();
      const double of_end = end.tokens / end.parameters;
      if (of_end * kRatioBeyond < ratio.first || of_end > kRatioBeyond * ratio.second) continue;
      NextPlace place{end.architecture,
                      end.parameters,
                      end.tokens,
                      end.flops,
                      size.is_new,
                      budget.is_new,
                      size.beyond || budget.beyond,
                      static_cast<int>(run.size())};
      place.shrinks = narrower(own.savings_variance + other.savings_variance,
                               law.variance_with(run, own.savings) + other.savings_variance);
      place.growth_shrinks = narrower(own.growth_variance + other.growth_variance,
                                      law.variance_with(run, own.growth) + other.growth_variance);
      place.shrinks_per_exaflop = place.shrinks / (place.flops / kExaflop);
      if (std::isfinite(place.shrinks)) out.push_back(std::move(place));
    }
  }
}

}  // namespace

std::vector<NextPlace> next_places(const SavingsQuestion& question, const PlannedStudy& study) {
  std::vector<NextPlace> out;
  const auto fit_b = fit_chinchilla(study.baseline), fit_c = fit_chinchilla(study.candidate);
  const SeedNoise& noise = question.savings.seed_noise;
  if (!fit_b || !fit_c || !noise.measured || question.options.wall_clock) return out;
  const LawDesign b(*fit_b, study.baseline, noise), c(*fit_c, study.candidate, noise);
  const Targets of_b = targets_of(b, question), of_c = targets_of(c, question);
  if (!(of_b.savings_variance + of_c.savings_variance > 0)) return out;
  add_places(b, of_b, of_c, out);
  add_places(c, of_c, of_b, out);
  std::stable_sort(out.begin(), out.end(), [](const NextPlace& x, const NextPlace& y) {
    return x.shrinks_per_exaflop > y.shrinks_per_exaflop;
  });
  return out;
}

}  // namespace isoloss
