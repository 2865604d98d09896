// Two models on the same items of a task: what differs between them, with the items' difficulty
// taken out. McNemar's exact test where a metric is right or wrong (McNemar 1947; the binomial
// form), and a bootstrap of whole clusters by counter keys (Efron & Tibshirani 1993), which
// resamples the same items for both.
#pragma once
#include <cstdint>
#include <optional>
#include <string>

#include "analysis/numbers/statistics.h"
#include "results/task_scores.h"

namespace isoloss {

struct PairedOptions {
  std::string metric;  // empty: the task's own
  int draws = 1000;
  double level = 0.95;
  std::uint64_t seed = 1;
};

// Items that one model alone has right, and the two-sided p that both are as likely.
struct McNemar {
  std::size_t baseline_only = 0, candidate_only = 0;
  double p = 1;
};

// Two-sided exact p of `a` against `b` discordant items: twice the binomial tail at 1/2, at most 1.
double mcnemar_p(std::size_t a, std::size_t b);

struct PairedScores {
  std::string task, profile, metric;
  std::size_t items = 0, clusters = 0;
  double baseline = 0, candidate = 0;
  double difference = 0;             // candidate - baseline
  double standard_error = 0;         // clustered, of the difference; NaN of one cluster
  std::optional<Interval> interval;  // percentiles of the draws; empty of one cluster
  double bootstrap_p = 1;            // of the sign; NaN likewise
  std::optional<McNemar> mcnemar;    // where every value is 0 or 1
};

// InputError where the two are not of one task, profile, card, data, number of shots, seed of the
// suite and list of items; names what differs.
PairedScores compare_scores(const TaskScores& baseline, const TaskScores& candidate,
                            const PairedOptions& options = {});

}  // namespace isoloss
