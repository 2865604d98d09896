#include "analysis/savings/loss_change.h"

#include <algorithm>
#include <cmath>

#include "analysis/fit/frontier_pair.h"
#include "analysis/fit/seed_noise.h"
#include "analysis/numbers/parallel_for.h"
#include "analysis/numbers/statistics.h"

namespace isoloss {
namespace {

const FrontierPoint* at_budget(const Frontier& frontier, double budget) {
  for (const FrontierPoint& point : frontier.points) {
    if (point.budget == budget) return &point;
  }
  return nullptr;
}

std::vector<LossChange> changes_of(const FrontierPair& pair) {
  std::vector<LossChange> changes;
  for (const FrontierPoint& b : pair.baseline.points) {
    const FrontierPoint* c = at_budget(pair.candidate, b.budget);
    if (!c || std::isnan(b.budget)) continue;
    LossChange change{b.budget, b.loss, c->loss, c->loss - b.loss, std::nullopt, 0, ""};
    change.perplexity_gain = 1 - std::exp(change.change);
    for (const FrontierPoint* point : {&b, c}) {
      if (point->why_not.empty()) continue;
      change.note += (change.note.empty() ? "" : "; ") +
                     (point == c ? pair.candidate : pair.baseline).architecture + ": " +
                     point->why_not;
    }
    changes.push_back(std::move(change));
  }
  return changes;
}

}  // namespace

std::vector<LossChange> loss_changes(const PointTable& table, const SavingsOptions& options) {
  const FrontierOptions asked = savings_frontier_options(options, options.frontier);
  std::vector<Point> trials = frontier_trials(table, options.baseline, asked);
  const std::size_t count = trials.size();
  const std::vector<Point> candidate = frontier_trials(table, options.candidate, asked);
  trials.insert(trials.end(), candidate.begin(), candidate.end());
  const std::span<const Point> all(trials);
  const FrontierPair pair = frontiers_of_one_kind(all.first(count), all.subspan(count), asked);
  std::vector<LossChange> changes = changes_of(pair);
  std::vector<Point> results;
  for (const Point& p : table.points) {
    if (is_result(p) && !(p.budget < options.from_budget)) results.push_back(p);
  }
  const SeedNoise noise = measure_seed_noise(results);
  if (!noise.measured || options.bootstrap == 0 || changes.empty()) return changes;

  const LossDraws noisy(trials, noise, options.seed);
  const auto resamples = static_cast<std::size_t>(options.bootstrap);
  std::vector<std::vector<double>> drawn(changes.size(), std::vector<double>(resamples, kNone));
  const FrontierOptions same = savings_frontier_options(options, pair.kind);
  parallel_for(resamples, options.threads, [&](std::size_t r) {
    const std::vector<double> losses = noisy.losses(r);
    const std::span<const double> values(losses);
    const Frontier b =
        compute_frontier(all.first(count), values.first(count), same, &pair.baseline);
    const Frontier c =
        compute_frontier(all.subspan(count), values.subspan(count), same, &pair.candidate);
    for (std::size_t i = 0; i < changes.size(); ++i) {
      const FrontierPoint *of_b = at_budget(b, changes[i].budget),
                          *of_c = at_budget(c, changes[i].budget);
      if (of_b && of_c) drawn[i][r] = of_c->loss - of_b->loss;
    }
  });
  for (std::size_t i = 0; i < changes.size(); ++i) {
    changes[i].interval = percentile_interval(drawn[i], options.level);
  }
  return changes;
}

}  // namespace isoloss
