#include "analysis/fit_intervals.h"

#include <fmt/format.h>

#include <algorithm>
#include <cmath>
#include <limits>
#include <map>

#include "analysis/fit_flags.h"
#include "analysis/fit_points.h"
#include "analysis/law_profile.h"
#include "analysis/parallel_for.h"
#include "analysis/seed_noise.h"
#include "model/spec/counter_random.h"

namespace isoloss {
namespace {

constexpr std::size_t kResampleStarts = 1;  // beside the fit itself
constexpr double kFailed = std::numeric_limits<double>::quiet_NaN();
// Fewer independent points than this are too few to resample: percentiles of their resamples are
// too narrow, and the scatter about the law says more.
constexpr std::size_t kFewestResampled = 30;
// Points times resamples beyond which the intervals come from the scatter alone.
constexpr double kMostWork = 1e7;

// Each resample or draw gives one value per parameter, or NaN where its fit failed.
using Draws = std::vector<std::vector<double>>;

// Percentiles at `level`, into the fit's bootstrap intervals.
void add_percentiles(const Draws& draws, const FitOptions& options, double level, Fit& fit) {
  fit.resamples = static_cast<int>(draws.size());
  fit.failed_resamples = 0;
  for (const auto& draw : draws) fit.failed_resamples += std::isnan(draw.front()) ? 1 : 0;
  if (10 * fit.failed_resamples > fit.resamples) fit.flags.emplace_back("bootstrap_failed");
  for (std::size_t j = 0; j < fit.parameters.size(); ++j) {
    const std::string& name = fit.parameters[j].first;
    if (name == "E" && options.floor.kind != FloorChoice::Free) continue;
    std::vector<double> values;
    for (const auto& draw : draws) values.push_back(draw[j]);
    if (const auto interval = percentile_interval(values, level)) {
      fit.bootstrap_intervals.emplace_back(name, *interval);
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

}  // namespace

std::vector<std::vector<Eigen::Index>> runs_of(std::span<const Point> points) {
  const bool named =
      std::none_of(points.begin(), points.end(), [](const Point& p) { return p.run.empty(); });
  if (!named) return {};
  auto runs = clusters_of(points, true);
  if (runs.size() == points.size()) runs.clear();
  return runs;
}

namespace {

Draws resample(const Law& law, const LawData& data, const LawSolution& solution,
               const std::vector<std::vector<Eigen::Index>>& clusters, const Objective& objective,
               const FitOptions& options, std::size_t parameters) {
  Draws draws(static_cast<std::size_t>(options.bootstrap),
              std::vector<double>(parameters, kFailed));
  const std::uint64_t stream = stream_of("fit/bootstrap");
  const auto points = static_cast<std::size_t>(data.points());
  parallel_for(draws.size(), options.threads, [&](std::size_t r) {
    std::vector<double> times(points, 0);
    for (std::size_t k = 0; k < clusters.size(); ++k) {
      const auto drawn =
          random_below(options.seed, stream, r * clusters.size() + k, clusters.size());
      for (const Eigen::Index i : clusters[drawn]) times[static_cast<std::size_t>(i)] += 1;
    }
    const LawSolution again = solve_law(law, resampled(data, times), objective, options.floor,
                                        kResampleStarts, solution.state);
    if (!again.converged) return;
    const auto named = named_parameters(law, data, again.state);
    for (std::size_t j = 0; j < named.size(); ++j) draws[r][j] = named[j].second;
  });
  return draws;
}

// Percentiles of resamples are narrow by sqrt((m - p) / m) and know nothing of Student's t: the
// level that makes up for both (Hesterberg 2015, expanded percentile interval).
double expanded_level(double level, double m, double p) {
  const double z = student_factor(m - p, level) * std::sqrt(m / (m - p));
  return std::erf(z / std::sqrt(2.0));
}

}  // namespace

void add_bootstrap_intervals(const Law& law, std::span<const Point> points, const LawData& data,
                             const LawSolution& solution, const FitOptions& options, Fit& fit) {
  const auto runs = runs_of(points);
  const bool by_run = !runs.empty();
  const auto clusters = by_run ? runs : clusters_of(points, false);
  const double m = static_cast<double>(clusters.size());
  const double p = static_cast<double>(free_parameters(law, options.floor));
  const auto scatter = [&](const std::string& why) {
    fit.intervals = fit.lack_of_fit;
    fit.uncertainty = by_run ? "scatter about the law, summed by run (Student t)"
                             : "scatter about the law (Student t)";
    if (fit.lack_of_fit.empty()) fit.uncertainty = "not known: no point more than parameters";
    fit.uncertainty += why;
  };
  if (options.bootstrap == 0) return scatter("");
  if (static_cast<double>(points.size()) * options.bootstrap > kMostWork) {
    return scatter("; too many points to resample");
  }
  if (clusters.size() < 2) {
    fit.flags.emplace_back("one_run");
    return scatter("");
  }
  const bool resampled_counts = m > p + 1;
  const Draws draws =
      resample(law, data, solution, clusters, objective_of(options, ObjectiveKind::Huber), options,
               fit.parameters.size());
  add_percentiles(draws, options,
                  resampled_counts ? expanded_level(options.level, m, p) : options.level, fit);
  if (by_run && !resampled_counts) fit.flags.emplace_back("few_runs");
  const bool few = by_run ? !resampled_counts : clusters.size() < kFewestResampled;
  if (few || fit.bootstrap_intervals.empty()) {
    return scatter(fmt::format("; {} {} are too few to resample", clusters.size(),
                               by_run ? "runs" : "points"));
  }
  fit.uncertainty = by_run ? "case bootstrap over whole runs" : "case bootstrap over points";
  fit.intervals = fit.bootstrap_intervals;
  flag_wide_intervals(law, fit.intervals, fit);
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
  const Law& law = law_named("power");
  const Objective squares{ObjectiveKind::Squares, 0, space, 1};
  const FloorChoice free;
  const LawSolution best = solve_law(law, data, squares, free);
  return profile_interval({law, data, squares, free, best},
                          scatter_of(law, data, best, squares, free),
                          *coordinate_named(law, free, "E"), level);
}

void add_frontier_intervals(const PointTable& table, std::span<const Point> trials,
                            const Frontier& frontier, const FitOptions& options, Fit& fit) {
  std::vector<Point> all;
  for (const Point& point : table.points) {
    if (is_result(point) && !(point.budget < options.from_budget)) all.push_back(point);
  }
  const SeedNoise noise = measure_seed_noise(all);
  fit.uncertainty = "scatter about the law (Student t): no run has a replicate of another seed";
  fit.intervals = fit.lack_of_fit;
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
    add_percentiles(draws, options, options.level, fit);
    fit.intervals = fit.bootstrap_intervals;
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
