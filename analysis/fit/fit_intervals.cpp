#include "analysis/fit/fit_intervals.h"

#include <fmt/format.h>

#include <algorithm>
#include <cmath>
#include <map>

#include "analysis/fit/fit_flags.h"
#include "analysis/fit/fit_points.h"
#include "analysis/numbers/parallel_for.h"
#include "analysis/points/flag.h"
#include "model/spec/counter_random.h"

namespace isoloss {
namespace {

constexpr std::size_t kResampleStarts = 1;  // beside the fit itself
// Fewer independent points or runs than this are too few to resample: percentiles of their
// resamples are too narrow, and the scatter about the law says more.
constexpr std::size_t kFewestResampled = 30;
// Points times resamples beyond which the intervals come from the scatter alone.
constexpr double kMostWork = 1e7;

}  // namespace

void add_percentiles(const ParameterDraws& draws, const FitOptions& options, double level,
                     Fit& fit) {
  fit.draws = draws;
  fit.resamples = static_cast<int>(draws.size());
  fit.failed_resamples = 0;
  for (const auto& draw : draws) fit.failed_resamples += std::isnan(draw.front()) ? 1 : 0;
  if (10 * fit.failed_resamples > fit.resamples) {
    fit.flags.push_back(flag_text(Flag::BootstrapFailed));
  }
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

namespace {

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

ParameterDraws resample(const Law& law, const LawData& data, const LawSolution& solution,
                        const std::vector<std::vector<Eigen::Index>>& clusters,
                        const Objective& objective, const FitOptions& options,
                        std::size_t parameters) {
  ParameterDraws draws(static_cast<std::size_t>(options.bootstrap),
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
    fit.interval_kind = by_run ? IntervalKind::ResidualScatterByRun : IntervalKind::ResidualScatter;
    if (fit.lack_of_fit.empty()) {
      fit.uncertainty = "not known: no point more than parameters";
      fit.interval_kind = IntervalKind::None;
    }
    fit.uncertainty += why;
  };
  if (options.bootstrap == 0) return scatter("");
  if (static_cast<double>(points.size()) * options.bootstrap > kMostWork) {
    return scatter("; too many points to resample");
  }
  if (clusters.size() < 2) {
    fit.flags.push_back(flag_text(Flag::OneRun));
    return scatter("");
  }
  const bool enough = m > p + 1;
  const ParameterDraws draws =
      resample(law, data, solution, clusters, objective_of(options, ObjectiveKind::Huber), options,
               fit.parameters.size());
  fit.draw_kind = by_run ? DrawKind::Runs : DrawKind::Points;
  add_percentiles(draws, options, enough ? expanded_level(options.level, m, p) : options.level,
                  fit);
  if (by_run && !enough) fit.flags.push_back(flag_text(Flag::FewRuns));
  if (clusters.size() < kFewestResampled) {
    return scatter(fmt::format("; {} {} are too few to resample", clusters.size(),
                               by_run ? "runs" : "points"));
  }
  if (fit.bootstrap_intervals.empty()) {
    return scatter(fmt::format("; {} resamples that could be fitted are too few",
                               fit.resamples - fit.failed_resamples));
  }
  fit.uncertainty = by_run ? "case bootstrap over whole runs" : "case bootstrap over points";
  fit.interval_kind = by_run ? IntervalKind::RunBootstrap : IntervalKind::PointBootstrap;
  fit.intervals = fit.bootstrap_intervals;
  flag_wide_intervals(law, fit.intervals, fit);
}

}  // namespace isoloss
