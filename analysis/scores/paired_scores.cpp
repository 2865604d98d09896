#include "analysis/scores/paired_scores.h"

#include <fmt/format.h>

#include <algorithm>
#include <boost/math/distributions/binomial.hpp>
#include <vector>

#include "analysis/numbers/clustered_mean.h"
#include "analysis/scores/task_measure.h"
#include "model/spec/counter_random.h"
#include "model/spec/error.h"

namespace isoloss {
namespace {

[[noreturn]] void refuse_pair(const TaskScores& a, const std::string& what, const std::string& one,
                              const std::string& other) {
  throw InputError(
      fmt::format("scores of task '{}' cannot be paired ({} is '{}' for one model and '{}' for the "
                  "other); score both with the same cards and data",
                  a.task, what, one, other));
}

void check_pair(const TaskScores& a, const TaskScores& b) {
  const auto same = [&](const char* what, const std::string& one, const std::string& other) {
    if (one != other) refuse_pair(a, what, one, other);
  };
  same("the task", a.task, b.task);
  same("the profile", a.profile, b.profile);
  same("the card's digest", a.card_digest, b.card_digest);
  same("the data's digest", a.data_digest, b.data_digest);
  same("the number of shots", std::to_string(a.shots), std::to_string(b.shots));
  same("the seed of the suite", std::to_string(a.suite_seed), std::to_string(b.suite_seed));
  same("the number of items", std::to_string(a.items.size()), std::to_string(b.items.size()));
  for (std::size_t i = 0; i < a.items.size(); ++i) {
    same("an item's id", a.items[i].id, b.items[i].id);
    same("an item's cluster", a.items[i].cluster, b.items[i].cluster);
  }
}

// Difference and size of each cluster, from which every resample's mean follows.
struct ClusterTotal {
  double difference = 0, items = 0;
};

std::vector<double> cluster_draws(const std::vector<ClusterTotal>& totals,
                                  const PairedOptions& options) {
  static const std::uint64_t stream = stream_of("paired scores");
  const std::uint64_t groups = totals.size();
  std::vector<double> draws;
  for (int draw = 0; draw < options.draws; ++draw) {
    ClusterTotal sum;
    for (std::uint64_t g = 0; g < groups; ++g) {
      const std::uint64_t index = static_cast<std::uint64_t>(draw) * groups + g;
      const ClusterTotal& taken = totals[random_below(options.seed, stream, index, groups)];
      sum.difference += taken.difference;
      sum.items += taken.items;
    }
    draws.push_back(sum.difference / sum.items);
  }
  return draws;
}

std::optional<McNemar> mcnemar_of(const std::vector<double>& baseline,
                                  const std::vector<double>& candidate) {
  McNemar out;
  for (std::size_t i = 0; i < baseline.size(); ++i) {
    for (const double value : {baseline[i], candidate[i]}) {
      if (value != 0 && value != 1) return std::nullopt;
    }
    out.baseline_only += baseline[i] > candidate[i] ? 1 : 0;
    out.candidate_only += candidate[i] > baseline[i] ? 1 : 0;
  }
  out.p = mcnemar_p(out.baseline_only, out.candidate_only);
  return out;
}

}  // namespace

double mcnemar_p(std::size_t a, std::size_t b) {
  if (a + b == 0) return 1;
  const boost::math::binomial coin(static_cast<double>(a + b), 0.5);
  return std::min(1.0, 2 * boost::math::cdf(coin, static_cast<double>(std::min(a, b))));
}

PairedScores compare_scores(const TaskScores& baseline, const TaskScores& candidate,
                            const PairedOptions& options) {
  check_pair(baseline, candidate);
  const std::size_t place = metric_place(baseline, options.metric);
  const std::string& metric = baseline.metrics[place];
  const std::size_t other = metric_place(candidate, metric);
  std::vector<double> first, second, differences;
  std::vector<std::string> names;
  for (std::size_t i = 0; i < baseline.items.size(); ++i) {
    first.push_back(baseline.items[i].values[place]);
    second.push_back(candidate.items[i].values[other]);
    differences.push_back(second.back() - first.back());
    names.push_back(baseline.items[i].cluster);
  }
  const std::vector<std::size_t> clusters = cluster_numbers(names);
  const ClusteredMean difference = clustered_mean(differences, clusters);
  PairedScores out;
  out.task = baseline.task;
  out.profile = baseline.profile;
  out.metric = metric;
  out.items = difference.items;
  out.clusters = difference.clusters;
  out.baseline = clustered_mean(first, clusters).value;
  out.candidate = clustered_mean(second, clusters).value;
  out.difference = difference.value;
  out.standard_error = difference.standard_error;
  out.mcnemar = mcnemar_of(first, second);
  out.bootstrap_p = kNone;
  if (out.clusters < 2) return out;
  std::vector<ClusterTotal> totals(out.clusters);
  for (std::size_t i = 0; i < differences.size(); ++i) {
    totals[clusters[i]].difference += differences[i];
    totals[clusters[i]].items += 1;
  }
  const std::vector<double> draws = cluster_draws(totals, options);
  out.interval = percentile_interval(draws, options.level);
  out.bootstrap_p = sign_p(draws);
  return out;
}

}  // namespace isoloss
