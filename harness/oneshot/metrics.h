// Metrics as pure functions of stored rows: what each item is worth, the task's figure, and how
// sure it is.
#pragma once
#include <span>
#include <string>
#include <vector>

#include "harness/oneshot/task_card.h"
#include "results/task_scores.h"

namespace isoloss {

// One value an item, in order: 0 to 1, and more is better, but for perplexity: -log P in nats. Of
// macro_f1: whether right; of answers_f1: the F1 among the item's own answers.
std::vector<double> item_values(const CardMetric& metric, const TaskScores& scores);

struct MetricSummary {
  std::string name;
  double value = 0;                     // a share; of perplexity exp of the mean
  double standard_error = 0;            // items taken as independent
  double clustered_standard_error = 0;  // items of one cluster taken together
};

// The figure over all items and its errors. Means: sample standard deviation / sqrt(n), and the
// cluster-robust sqrt(G / (G - 1) sum over clusters of (sum of deviations)^2) / n, which is the
// same where every item is its own cluster. perplexity: by the delta method. macro_f1 and
// answers_f1, which are no means: the jackknife that leaves out one item, or one cluster, at a
// time. Errors are NaN of fewer than two items or clusters.
MetricSummary summarize_metric(const CardMetric& metric, const TaskScores& scores);

// Share of right answers without a model, of the first metric: the card's; from the choices (1 of
// them right by chance, all pairs of an item at once for all_answers); of refers the share of items
// whose noun is not meant, which are right whatever else is written.
double chance_score(const TaskCard& card, const TaskScores& scores);

// Fills in what rows and what was written say: the card's metrics with their figures, each item's
// values and bits per byte, the chance. What is there of them is replaced.
void compute_metrics(const TaskCard& card, TaskScores& scores);

// Bits per UTF-8 byte of the right continuations together; 0 where there are none.
double gold_bits_per_byte(std::span<const ChoiceRow> rows);

// The rows of each item: item i's begin at [i] and end at [i + 1].
std::vector<std::size_t> row_offsets(const TaskScores& scores);

}  // namespace isoloss
