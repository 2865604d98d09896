#include "analysis/next_places.h"

#include <algorithm>
#include <cmath>
#include <optional>

#include "analysis/chinchilla_fit.h"
#include "analysis/fit_intervals.h"
#include "analysis/linear_design.h"
#include "analysis/loss_noise.h"
#include "analysis/statistics.h"

namespace isoloss {
namespace {

constexpr double kSameSize = 1.02;   // nearer ones are one
constexpr double kOneBudget = 1.25;  // what are_isoflop takes for one (budget_groups.h)
constexpr double kApart = 1.5;       // neighbours nearer than this have nothing between them
constexpr double kRatioBeyond = 2;

// Parameters of the design: ln of both terms at the trials' centre, alpha, beta, E.
constexpr Eigen::Index kCoordinates = 5;
using Coordinates = Eigen::Matrix<double, kCoordinates, 1>;

class LawDesign {
 public:
  LawDesign(const ChinchillaFit& fit, std::vector<Point> trials, const SeedNoise& noise)
      : fit_(fit), trials_(std::move(trials)), noise_(noise), design_(kCoordinates) {
    noise_.factor.clear();  // pooled: by budget a few replicates say less than they seem to
    for (Point& p : trials_) {
      p.sequence_losses.clear();  // no run more changes the held-out text
      log_size_ += std::log(p.parameters) / static_cast<double>(trials_.size());
      log_tokens_ += std::log(p.tokens) / static_cast<double>(trials_.size());
    }
    add(trials_, design_);
  }

  const std::vector<Point>& trials() const { return trials_; }
  double product() const { return fit_.product; }

  // d ln C(L) / d coordinates along the law's frontier; NaN where the law does not reach the loss.
  Coordinates slope(double loss) const {
    constexpr double kStep = 1e-5;
    Coordinates out;
    for (Eigen::Index j = 0; j < kCoordinates; ++j) {
      Coordinates up = Coordinates::Zero(), down = Coordinates::Zero();
      up[j] = kStep;
      down[j] = -kStep;
      out[j] = (log_compute(moved(up), loss) - log_compute(moved(down), loss)) / (2 * kStep);
    }
    return out;
  }

  double variance(const Coordinates& target) const { return design_.variance(target); }

  double variance_with(const std::vector<Point>& run, const Coordinates& target) const {
    LinearDesign more = design_;
    add(run, more);
    return more.variance(target);
  }

 private:
  ChinchillaLaw moved(const Coordinates& by) const {
    ChinchillaLaw law = fit_.law;
    law.alpha += by[2];
    law.beta += by[3];
    law.E += by[4];
    law.A *= std::exp(by[0] + by[2] * log_size_);
    law.B *= std::exp(by[1] + by[3] * log_tokens_);
    return law;
  }

  double log_compute(const ChinchillaLaw& law, double loss) const {
    const double gamma = law.alpha * law.beta / (law.alpha + law.beta);
    const double scale = efficient_point(law, 1, fit_.product).loss - law.E;
    return std::log(scale / (loss - law.E)) / gamma;
  }

  // Rows of ln loss, as the fit sees it; noise of one run's evaluations is its own.
  void add(const std::vector<Point>& points, LinearDesign& design) const {
    const auto n = static_cast<Eigen::Index>(points.size());
    Eigen::MatrixXd rows(n, kCoordinates);
    Eigen::VectorXd loss(n);
    for (Eigen::Index i = 0; i < n; ++i) {
      const Point& p = points[static_cast<std::size_t>(i)];
      const double by_size = fit_.law.A * std::pow(p.parameters, -fit_.law.alpha);
      const double by_tokens = fit_.law.B * std::pow(p.tokens, -fit_.law.beta);
      loss[i] = fit_.law.E + by_size + by_tokens;
      rows.row(i) << by_size, by_tokens, -by_size * (std::log(p.parameters) - log_size_),
          -by_tokens * (std::log(p.tokens) - log_tokens_), 1;
      rows.row(i) /= loss[i];
    }
    const Eigen::MatrixXd covariance = loss_noise(points, noise_).covariance;
    design.add(rows, covariance.cwiseQuotient(loss * loss.transpose()));
  }

  ChinchillaFit fit_;
  std::vector<Point> trials_;
  SeedNoise noise_;
  double log_size_ = 0, log_tokens_ = 0;
  LinearDesign design_;
};

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
    return std::abs(std::log(budget_of(p) / p.flops)) < std::log(kOneBudget);
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
    if (earlier * kOneBudget < budget.value) evaluate(earlier);
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
  Coordinates savings, growth;
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
  const std::vector<Level> budgets = levels_of(budgets_of(law.trials()), kOneBudget);
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
