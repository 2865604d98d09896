#include "harness/cli/score_listing.h"

#include <fmt/format.h>

#include <algorithm>
#include <cmath>
#include <cstddef>
#include <cstdio>
#include <optional>
#include <string>
#include <utility>

#include "analysis/numbers/json_number.h"
#include "analysis/scores/task_measure.h"
#include "harness/cli/print_json.h"
#include "harness/oneshot/metrics.h"

namespace isoloss {
namespace {

// Of the first metric, which is the mean of its items' values; nothing where it is not known which
// items the training text holds.
std::optional<TaskMeasure> searched_measure(const TaskScores& scores) {
  if (!scores.overlap_searched.value_or(false)) return std::nullopt;
  return measure(scores);
}

std::int64_t cut_prompts(const TaskScores& scores) {
  return std::ranges::count_if(scores.items,
                               [](const TaskItem& item) { return item.truncated_tokens > 0; });
}

nlohmann::ordered_json rows_of(const TaskScores& scores) {
  nlohmann::ordered_json rows = nlohmann::ordered_json::array();
  const double bits = gold_bits_per_byte(scores.rows);
  const std::optional<TaskMeasure> searched = searched_measure(scores);
  const auto clean = [&](std::size_t metric, double ClusteredMean::*field) {
    return searched && metric == 0 ? nlohmann::ordered_json(json_number(searched->clean.*field))
                                   : nlohmann::ordered_json(nullptr);
  };
  for (std::size_t m = 0; m < scores.metrics.size(); ++m)
    rows.push_back(
        {{"trial", scores.trial},
         {"model", scores.model},
         {"task", scores.task},
         {"profile", scores.profile},
         {"metric", scores.metrics[m]},
         {"value", scores.figures.at(m).value},
         {"standard_error", json_number(scores.figures.at(m).standard_error)},
         {"n", scores.items.size()},
         {"chance", m == 0 ? nlohmann::ordered_json(scores.chance) : nullptr},
         {"gold_bits_per_byte", bits > 0 ? nlohmann::ordered_json(bits) : nullptr},
         {"contaminated", searched ? nlohmann::ordered_json(searched->contaminated) : nullptr},
         {"clean_value", clean(m, &ClusteredMean::value)},
         {"clean_standard_error", clean(m, &ClusteredMean::standard_error)},
         {"truncated", cut_prompts(scores)}});
  return rows;
}

std::string error_text(const MetricFigure& figure) {
  return std::isnan(figure.standard_error) ? "" : fmt::format("{:.4f}", figure.standard_error);
}

void print_scores(const TaskScores& scores) {
  const std::optional<TaskMeasure> searched = searched_measure(scores);
  const std::string contaminated =
      searched ? std::to_string(searched->contaminated) : "not checked";
  const std::string clean =
      searched && searched->clean.items > 0 ? fmt::format("{:.4f}", searched->clean.value) : "";
  for (std::size_t m = 0; m < scores.metrics.size(); ++m)
    fmt::print("{:<26} {:<8} {:<14} {:<14} {:>9.4f} {:>7} {:>7} {:>7} {:>12} {:>9}\n",
               scores.trial.empty() ? scores.model : scores.trial, scores.profile, scores.task,
               scores.metrics[m], scores.figures.at(m).value, error_text(scores.figures.at(m)),
               scores.items.size(), m == 0 ? fmt::format("{:.3f}", scores.chance) : "",
               m == 0 ? contaminated : "", m == 0 ? clean : "");
}

}  // namespace

void ScoreListing::begin() const {
  if (!json_)
    fmt::print("{:<26} {:<8} {:<14} {:<14} {:>9} {:>7} {:>7} {:>7} {:>12} {:>9}\n",
               study_ ? "trial" : "model", "profile", "task", "metric", "value", "+-", "n",
               "chance", "contaminated", "clean");
}

void ScoreListing::add(const TaskScores& scores) {
  if (!json_) {
    if (const std::int64_t cut = cut_prompts(scores); cut > 0)
      cut_.push_back(fmt::format("{}{} {} of {}", study_ ? scores.trial + " " : "", scores.task,
                                 cut, scores.items.size()));
    return print_scores(scores);
  }
  for (auto& row : rows_of(scores)) rows_.push_back(std::move(row));
}

void ScoreListing::end() const {
  if (json_) return print_json(nlohmann::ordered_json{{"scores", rows_}});
  if (cut_.empty()) return;
  std::string all;
  for (const std::string& one : cut_) all += (all.empty() ? "" : ", ") + one;
  fmt::print("prompts longer than the model reads, cut at the left: {}\n", all);
}

}  // namespace isoloss
