#include "harness/oneshot/metrics.h"

#include <algorithm>
#include <cmath>
#include <functional>
#include <limits>
#include <numbers>
#include <numeric>
#include <unordered_map>

namespace isoloss {
namespace {

using Rows = std::span<const ChoiceRow>;

// An error of fewer than two items or clusters.
constexpr double kNotKnown = std::numeric_limits<double>::quiet_NaN();

Rows rows_of(const TaskScores& scores, std::span<const std::size_t> offsets, std::size_t item) {
  return Rows(scores.rows).subspan(offsets[item], offsets[item + 1] - offsets[item]);
}

// Ties follow the profile that asked.
Ties ties_of(const TaskScores& scores) {
  if (scores.profile == kStudyProfile) return Ties::Nobody;
  return scores.profile == "lmeval" ? Ties::Lowest : Ties::Shared;
}

double right_share(Ranking ranking, Ties ties, Rows rows) {
  const std::vector<double> shares = chosen_shares(ranking, ties, rows);
  double right = 0;
  for (std::size_t i = 0; i < rows.size(); ++i) right += rows[i].gold ? shares[i] : 0;
  return right;
}

// Counts of one yes-or-no question, fractional where ties are shared.
struct Judgements {
  double true_positive = 0;
  double false_positive = 0;
  double false_negative = 0;

  void add(bool gold, double chosen) {
    (gold ? true_positive : false_positive) += chosen;
    if (gold) false_negative += 1 - chosen;
  }
  double f1() const {
    const double all = 2 * true_positive + false_positive + false_negative;
    return all > 0 ? 2 * true_positive / all : 0;
  }
};

void judge_pairs(Ranking ranking, Ties ties, Rows rows, Judgements& judged) {
  for (std::size_t i = 0; i + 1 < rows.size(); i += 2)
    judged.add(rows[i].gold, chosen_shares(ranking, ties, rows.subspan(i, 2))[0]);
}

double item_value(const CardMetric& metric, const TaskItem& item, Rows rows, Ties ties) {
  switch (metric.measure) {
    case Measure::Right:
    case Measure::MacroF1:
      return right_share(metric.ranking, ties, rows);
    case Measure::AllAnswers: {
      double all = 1;
      for (std::size_t i = 0; i + 1 < rows.size(); i += 2)
        all *= right_share(metric.ranking, ties, rows.subspan(i, 2));
      return all;
    }
    case Measure::AnswersF1: {
      Judgements judged;
      judge_pairs(metric.ranking, ties, rows, judged);
      return judged.f1();
    }
    case Measure::PhraseF1:
      return answer_score(AnswerRule::Squad, item.generated, item.golds).f1;
    case Measure::Greedy:
      return std::any_of(rows.begin(), rows.end(),
                         [](const ChoiceRow& row) { return row.gold && row.greedy; });
    case Measure::Perplexity:
      return -rows[0].log_probability;
    case Measure::Exact:
      return answer_score(metric.answers, item.generated, item.golds).exact;
    case Measure::F1:
      return answer_score(metric.answers, item.generated, item.golds).f1;
    case Measure::Refers: {
      const bool named = squad_normalized(item.generated) == squad_normalized(item.golds.at(0));
      return named == rows[0].gold;
    }
  }
  return 0;
}

// The figure of the items whose cluster is not `left_out`; clusters are numbered from 0.
double pooled_f1(const CardMetric& metric, const TaskScores& scores,
                 std::span<const std::size_t> offsets, std::span<const std::size_t> cluster,
                 std::size_t left_out) {
  const Ties ties = ties_of(scores);
  std::vector<Judgements> labels(1);
  for (std::size_t i = 0; i < scores.items.size(); ++i) {
    if (cluster[i] == left_out) continue;
    const Rows rows = rows_of(scores, offsets, i);
    if (metric.measure == Measure::AnswersF1) {
      judge_pairs(metric.ranking, ties, rows, labels[0]);
      continue;
    }
    labels.resize(std::max(labels.size(), rows.size()));
    const std::vector<double> shares = chosen_shares(metric.ranking, ties, rows);
    for (std::size_t k = 0; k < rows.size(); ++k) labels[k].add(rows[k].gold, shares[k]);
  }
  double sum = 0;
  for (const Judgements& label : labels) sum += label.f1();
  return sum / static_cast<double>(labels.size());
}

double jackknife_error(const CardMetric& metric, const TaskScores& scores,
                       std::span<const std::size_t> offsets, std::span<const std::size_t> cluster,
                       std::size_t clusters) {
  if (clusters < 2) return kNotKnown;
  std::vector<double> without;
  for (std::size_t g = 0; g < clusters; ++g)
    without.push_back(pooled_f1(metric, scores, offsets, cluster, g));
  const auto count = static_cast<double>(clusters);
  const double mean = std::accumulate(without.begin(), without.end(), 0.0) / count;
  double squares = 0;
  for (const double value : without) squares += (value - mean) * (value - mean);
  return std::sqrt((count - 1) / count * squares);
}

double mean_error(std::span<const double> values, double mean, std::span<const std::size_t> cluster,
                  std::size_t clusters) {
  if (clusters < 2) return kNotKnown;
  std::vector<double> deviation(clusters);
  for (std::size_t i = 0; i < values.size(); ++i) deviation[cluster[i]] += values[i] - mean;
  double squares = 0;
  for (const double value : deviation) squares += value * value;
  const auto count = static_cast<double>(clusters);
  return std::sqrt(count / (count - 1) * squares) / static_cast<double>(values.size());
}

}  // namespace

std::vector<std::size_t> row_offsets(const TaskScores& scores) {
  std::vector<std::size_t> offsets(scores.items.size() + 1);
  for (const ChoiceRow& row : scores.rows) ++offsets[static_cast<std::size_t>(row.item) + 1];
  std::partial_sum(offsets.begin(), offsets.end(), offsets.begin());
  return offsets;
}

std::vector<double> item_values(const CardMetric& metric, const TaskScores& scores) {
  const std::vector<std::size_t> offsets = row_offsets(scores);
  std::vector<double> values;
  for (std::size_t i = 0; i < scores.items.size(); ++i)
    values.push_back(
        item_value(metric, scores.items[i], rows_of(scores, offsets, i), ties_of(scores)));
  return values;
}

MetricSummary summarize_metric(const CardMetric& metric, const TaskScores& scores) {
  const std::size_t n = scores.items.size();
  MetricSummary summary{metric.name, 0, kNotKnown, kNotKnown};
  if (n == 0) return summary;
  std::vector<std::size_t> own(n), cluster(n);
  std::iota(own.begin(), own.end(), 0U);
  std::unordered_map<std::string, std::size_t> numbers;
  for (std::size_t i = 0; i < n; ++i)
    cluster[i] = numbers.try_emplace(scores.items[i].cluster, numbers.size()).first->second;

  if (metric.measure == Measure::MacroF1 || metric.measure == Measure::AnswersF1) {
    const std::vector<std::size_t> offsets = row_offsets(scores);
    summary.value = pooled_f1(metric, scores, offsets, own, n);
    summary.standard_error = jackknife_error(metric, scores, offsets, own, n);
    summary.clustered_standard_error =
        jackknife_error(metric, scores, offsets, cluster, numbers.size());
    return summary;
  }
  const std::vector<double> values = item_values(metric, scores);
  summary.value = std::accumulate(values.begin(), values.end(), 0.0) / static_cast<double>(n);
  summary.standard_error = mean_error(values, summary.value, own, n);
  summary.clustered_standard_error = mean_error(values, summary.value, cluster, numbers.size());
  if (metric.measure == Measure::Perplexity) {
    summary.value = std::exp(summary.value);
    summary.standard_error *= summary.value;
    summary.clustered_standard_error *= summary.value;
  }
  return summary;
}

double chance_score(const TaskCard& card, const TaskScores& scores) {
  if (card.chance) return *card.chance;
  if (scores.items.empty()) return 0;
  const std::vector<std::size_t> offsets = row_offsets(scores);
  const Measure measure = card.metrics.front().measure;
  double sum = 0;
  for (std::size_t i = 0; i < scores.items.size(); ++i) {
    const Rows rows = rows_of(scores, offsets, i);
    const auto gold = static_cast<double>(
        std::count_if(rows.begin(), rows.end(), [](const ChoiceRow& row) { return row.gold; }));
    if (measure == Measure::AllAnswers)
      sum += std::exp2(-gold);
    else if (measure == Measure::Refers)
      sum += gold == 0;
    else
      sum += gold / static_cast<double>(rows.size());
  }
  return sum / static_cast<double>(scores.items.size());
}

void compute_metrics(const TaskCard& card, TaskScores& scores) {
  scores.metrics.clear();
  scores.figures.clear();
  const std::vector<std::size_t> offsets = row_offsets(scores);
  for (std::size_t i = 0; i < scores.items.size(); ++i) {
    scores.items[i].gold_bits_per_byte = gold_bits_per_byte(rows_of(scores, offsets, i));
    scores.items[i].values.clear();
  }
  for (const CardMetric& metric : card.metrics) {
    const MetricSummary summary = summarize_metric(metric, scores);
    scores.metrics.push_back(metric.name);
    scores.figures.push_back({summary.value, summary.clustered_standard_error});
    const std::vector<double> values = item_values(metric, scores);
    for (std::size_t i = 0; i < values.size(); ++i) scores.items[i].values.push_back(values[i]);
  }
  scores.chance = chance_score(card, scores);
}

double gold_bits_per_byte(std::span<const ChoiceRow> rows) {
  double nats = 0;
  double bytes = 0;
  for (const ChoiceRow& row : rows) {
    if (!row.gold) continue;
    nats -= row.log_probability;
    bytes += static_cast<double>(row.bytes);
  }
  return bytes > 0 ? nats / bytes / std::numbers::ln2 : 0;
}

}  // namespace isoloss
