#include "harness/cli/score_listing.h"

#include <fmt/format.h>

#include <algorithm>
#include <cstddef>
#include <cstdio>
#include <string>
#include <utility>

#include "harness/oneshot/metrics.h"

namespace isoloss {
namespace {

std::int64_t contaminated_items(const TaskScores& scores) {
  return std::ranges::count_if(scores.items, &TaskItem::contaminated);
}

nlohmann::ordered_json rows_of(const TaskScores& scores) {
  nlohmann::ordered_json rows = nlohmann::ordered_json::array();
  const double bits = gold_bits_per_byte(scores.rows);
  for (std::size_t m = 0; m < scores.metrics.size(); ++m)
    rows.push_back({{"trial", scores.trial},
                    {"model", scores.model},
                    {"task", scores.task},
                    {"profile", scores.profile},
                    {"metric", scores.metrics[m]},
                    {"value", scores.figures.at(m).value},
                    {"standard_error", scores.figures.at(m).standard_error},
                    {"n", scores.items.size()},
                    {"chance", m == 0 ? nlohmann::ordered_json(scores.chance) : nullptr},
                    {"gold_bits_per_byte", bits > 0 ? nlohmann::ordered_json(bits) : nullptr},
                    {"contaminated", scores.overlap_searched.value_or(false)
                                         ? nlohmann::ordered_json(contaminated_items(scores))
                                         : nullptr},
                    {"truncated", std::ranges::count_if(scores.items, [](const TaskItem& item) {
                       return item.truncated_tokens > 0;
                     })}});
  return rows;
}

void print_scores(const TaskScores& scores) {
  for (std::size_t m = 0; m < scores.metrics.size(); ++m)
    fmt::print("{:<26} {:<8} {:<14} {:<14} {:>9.4f} {:>7.4f} {:>7} {:>7} {:>12}\n",
               scores.trial.empty() ? scores.model : scores.trial, scores.profile, scores.task,
               scores.metrics[m], scores.figures.at(m).value, scores.figures.at(m).standard_error,
               scores.items.size(), m == 0 ? fmt::format("{:.3f}", scores.chance) : "",
               m > 0 ? ""
               : scores.overlap_searched.value_or(false)
                   ? std::to_string(contaminated_items(scores))
                   : "not checked");
}

}  // namespace

void ScoreListing::begin() const {
  if (!json_)
    fmt::print("{:<26} {:<8} {:<14} {:<14} {:>9} {:>7} {:>7} {:>7} {:>12}\n",
               study_ ? "trial" : "model", "profile", "task", "metric", "value", "+-", "n",
               "chance", "contaminated");
}

void ScoreListing::add(const TaskScores& scores) {
  if (!json_) return print_scores(scores);
  for (auto& row : rows_of(scores)) rows_.push_back(std::move(row));
}

void ScoreListing::end() const {
  if (json_) fmt::print("{}\n", nlohmann::ordered_json{{"scores", rows_}}.dump());
}

}  // namespace isoloss
