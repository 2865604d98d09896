#include "analysis/fit_intervals.h"

#include <algorithm>
#include <cmath>
#include <functional>
#include <limits>
#include <map>

#include "analysis/parallel_for.h"
#include "analysis/seed_noise.h"
#include "model/spec/counter_random.h"

namespace isoloss {
namespace {

constexpr double kFailed = std::numeric_limits<double>::quiet_NaN();
constexpr double kWideExponent = 4;

// Each resample or draw gives one value per parameter, or NaN where its fit failed.
using Draws = std::vector<std::vector<double>>;

void add_percentiles(const Draws& draws, const FitOptions& options, Fit& fit) {
  fit.draws = draws;
  fit.resamples = static_cast<int>(draws.size());
  fit.failed_resamples = 0;
  for (const auto& draw : draws) fit.failed_resamples += std::isnan(draw.front()) ? 1 : 0;
  if (10 * fit.failed_resamples > fit.resamples) fit.flags.emplace_back("bootstrap_failed");
  for (std::size_t j = 0; j < fit.parameters.size(); ++j) {
    const std::string& name = fit.parameters[j].first;
    if (name == "E" && options.floor.kind != FloorChoice::Free) continue;
    std::vector<double> values;
    for (const auto& draw : draws) values.push_back(draw[j]);
    if (const auto interval = percentile_interval(values, options.level)) {
      fit.intervals.emplace_back(name, *interval);
    }
  }
}

void flag_wide_exponents(const Law& law, Fit& fit) {
  for (const ShapeParameter& shape : law.shape) {
    for (const auto& [name, interval] : fit.intervals) {
      const std::string flag = name + "_unidentified";
      if (name == shape.name && interval.second > kWideExponent * interval.first &&
          !fit.has_flag(flag)) {
        fit.flags.push_back(flag);
      }
    }
  }
}

std::vector<std::vector<Eigen::Index>> clusters_of(std::span<const Point> points, bool by_run) {
  std::vector<std::vector<Eigen::Index>> clusters;
  std::map<std::string, std::size_t> place;
  for (std::size_t i = 0; i < points.size(); ++i) {
    std::size_t at = clusters.size();
    if (by_run) at = place.try_emplace(points[i].run, clusters.size()).first->second;
    if (at == clusters.size()) clusters.emplace_back();
    clusters[at].push_back(static_cast<Eigen::Index>(i));
  }
  return clusters;
}

// Points of weight zero cost time and change nothing.
LawData resampled(const LawData& data, const std::vector<double>& times) {
  std::vector<Eigen::Index> kept;
  for (std::size_t i = 0; i < times.size(); ++i) {
    if (times[i] > 0) kept.push_back(static_cast<Eigen::Index>(i));
  }
  LawData sample = rows_of(data, kept);
  for (std::size_t k = 0; k < kept.size(); ++k) {
    sample.weight[static_cast<Eigen::Index>(k)] *= times[static_cast<std::size_t>(kept[k])];
  }
  return sample;
}

double sum_of_squares(const LawData& data, FitSpace space, double floor) {
  const Law& law = law_named("power");
  const FloorChoice given{FloorChoice::Value, floor};
  return solve_law(law, data, {ObjectiveKind::Squares, 0, space, 1}, given, 2).value;
}

// Where `inside` ends between `in`, where it holds, and `out`, where it does not.
double boundary(double in, double out, const std::function<bool(double)>& inside) {
  for (int i = 0; i < 50; ++i) {
    const double middle = (in + out) / 2;
    (inside(middle) ? in : out) = middle;
  }
  return in;
}

}  // namespace

void add_bootstrap_intervals(const Law& law, std::span<const Point> points, const LawData& data,
                             const LawSolution& solution, const FitOptions& options, Fit& fit) {
  if (options.bootstrap == 0) {
    fit.uncertainty = "none asked for";
    return;
  }
  const bool by_run =
      std::none_of(points.begin(), points.end(), [](const Point& p) { return p.run.empty(); });
  const auto clusters = clusters_of(points, by_run);
  fit.uncertainty = by_run ? "case bootstrap over whole runs" : "case bootstrap over points";
  if (clusters.size() < 2) {
    fit.flags.emplace_back("one_run");
    return;
  }
  const Objective objective = objective_of(options, ObjectiveKind::Huber);
  Draws draws(static_cast<std::size_t>(options.bootstrap),
              std::vector<double>(fit.parameters.size(), kFailed));
  const std::uint64_t stream = stream_of("fit/bootstrap");
  parallel_for(draws.size(), options.threads, [&](std::size_t r) {
    std::vector<double> weight(points.size(), 0);
    for (std::size_t k = 0; k < clusters.size(); ++k) {
      const auto drawn =
          random_below(options.seed, stream, r * clusters.size() + k, clusters.size());
      for (const Eigen::Index i : clusters[drawn]) weight[static_cast<std::size_t>(i)] += 1;
    }
    const LawSolution again =
        solve_law(law, resampled(data, weight), objective, options.floor, 1, solution.state);
    if (!again.converged) return;
    const auto named = named_parameters(law, data, again.state);
    for (std::size_t j = 0; j < named.size(); ++j) draws[r][j] = named[j].second;
  });
  add_percentiles(draws, options, fit);
  flag_wide_exponents(law, fit);
}

std::optional<Interval> floor_profile_interval(const std::vector<FrontierPoint>& used,
                                               FitSpace space, double level) {
  if (used.size() < 4) return std::nullopt;
  std::vector<double> compute, loss;
  for (const FrontierPoint& point : used) {
    compute.push_back(point.flops);
    loss.push_back(point.loss);
  }
  const LawData data = law_data(compute, loss);
  const LawSolution best =
      solve_law(law_named("power"), data, {ObjectiveKind::Squares, 0, space, 1}, {});
  const auto degrees = static_cast<double>(used.size() - 3);
  const double t = student_factor(degrees, level);
  const double limit = best.value * (1 + t * t / degrees) + 1e-28;
  const auto inside = [&](double floor) { return sum_of_squares(data, space, floor) <= limit; };
  const double highest = data.loss.minCoeff() * (1 - 1e-9);
  const double floor = std::min(best.state.floor, highest);
  return Interval{inside(0) ? 0 : boundary(floor, 0, inside),
                  inside(highest) ? highest : boundary(floor, highest, inside)};
}

void add_frontier_intervals(const PointTable& table, std::span<const Point> trials,
                            const Frontier& frontier, const FitOptions& options, Fit& fit) {
  std::vector<Point> all;
  for (const Point& point : table.points) {
    if (is_result(point) && !(point.budget < options.from_budget)) all.push_back(point);
  }
  const SeedNoise noise = measure_seed_noise(all);
  fit.uncertainty = "not measured: no run has a replicate of another seed";
  if (!noise.measured) fit.flags.emplace_back("seed_noise_not_measured");
  if (noise.measured && options.bootstrap > 0) {
    const LossDraws noisy(trials, noise, options.seed);
    fit.uncertainty = "seed noise of whole runs, measured from replicates";
    if (noisy.sequences() > 0) fit.uncertainty += ", and paired held-out noise";
    FrontierOptions same;
    same.from_budget = options.from_budget;
    Draws draws(static_cast<std::size_t>(options.bootstrap),
                std::vector<double>(fit.parameters.size(), kFailed));
    parallel_for(draws.size(), options.threads, [&](std::size_t r) {
      const std::vector<FrontierPoint> used =
          compute_frontier(trials, noisy.losses(r), same, &frontier).used();
      if (used.size() < fit.n) return;
      std::vector<double> compute, loss;
      for (const FrontierPoint& point : used) {
        if (!(point.loss > 0)) return;
        compute.push_back(point.flops);
        loss.push_back(point.loss);
      }
      const Law& law = law_named("power");
      const LawData data = law_data(compute, loss);
      const LawSolution again =
          solve_law(law, data, objective_of(options, ObjectiveKind::Squares), options.floor, 2);
      if (!again.converged) return;
      const auto named = named_parameters(law, data, again.state);
      for (std::size_t j = 0; j < named.size(); ++j) draws[r][j] = named[j].second;
    });
    add_percentiles(draws, options, fit);
  }
  if (options.floor.kind != FloorChoice::Free) return;
  const auto profile = floor_profile_interval(frontier.used(), options.space, options.level);
  if (!profile) return;
  const auto known = std::find_if(fit.intervals.begin(), fit.intervals.end(),
                                  [](const auto& entry) { return entry.first == "E"; });
  if (known == fit.intervals.end()) {
    fit.intervals.emplace_back("E", *profile);
  } else {
    known->second.first = std::min(known->second.first, profile->first);
    known->second.second = std::max(known->second.second, profile->second);
  }
  fit.uncertainty += "; the floor's interval holds its lack-of-fit interval (Student t) too";
}

}  // namespace isoloss
