#include "harness/one_shot.h"

#include <fmt/format.h>
#include <algorithm>
#include <cmath>
#include <span>
#include <utility>

#include "harness/oneshot/text_task.h"
#include "harness/symbol_order.h"
#include "model/spec/error.h"
#include "model/spec/nearest_name.h"
#include "results/best_possible.h"

namespace isoloss {
namespace {

constexpr std::size_t kRowsAtOnce = 32;
constexpr const char* kSymbolOrder = "symbol-order";

// One answer of one item as a row: its tokens, padded, and where the answer's begin and end.
struct AnswerRow {
  std::vector<std::int32_t> tokens;
  std::size_t first = 0;
  std::size_t end = 0;
};

// The answer's tokens are those after the longest common prefix of the two encodings.
AnswerRow answer_row(const Dataset& dataset, const OneShotItem& item, const std::string& answer,
                     std::size_t length) {
  const std::string context = item.shot + item.context;
  const std::vector<std::int32_t> before = dataset.encode(context);
  AnswerRow row{dataset.encode(context + answer), 0, 0};
  row.first = static_cast<std::size_t>(
      std::mismatch(before.begin(), before.end(), row.tokens.begin(), row.tokens.end()).first -
      before.begin());
  row.end = row.tokens.size();
  row.tokens.resize(length, 0);
  return row;
}

struct AnswerScore {
  double nats = 0;     // of the answer's tokens together
  bool greedy = true;  // every token was the most likely one
};

std::optional<std::vector<AnswerScore>> score_rows(const LanguageModel& model,
                                                   std::span<const AnswerRow> rows,
                                                   std::size_t length,
                                                   const std::function<bool()>& stop) {
  std::vector<AnswerScore> scores;
  for (std::size_t first = 0; first < rows.size(); first += kRowsAtOnce) {
    if (stop()) return std::nullopt;
    const std::span<const AnswerRow> batch =
        rows.subspan(first, std::min(kRowsAtOnce, rows.size() - first));
    std::vector<std::int32_t> tokens;
    for (const AnswerRow& row : batch)
      tokens.insert(tokens.end(), row.tokens.begin(), row.tokens.end());
    const auto predictions = model.predictions(tokens, static_cast<std::int64_t>(length));
    for (std::size_t r = 0; r < batch.size(); ++r) {
      AnswerScore score;
      score.greedy = batch[r].first < batch[r].end;
      for (std::size_t i = batch[r].first; i < batch[r].end; ++i) {
        score.nats += static_cast<double>(predictions.losses[r * length + i]);
        score.greedy = score.greedy && predictions.greedy[r * length + i] != 0;
      }
      scores.push_back(score);
    }
  }
  return scores;
}

// Whether the right answer is likelier than every other. A tie is no knowledge.
bool likeliest(std::size_t right, std::span<const AnswerScore> scores) {
  for (std::size_t i = 0; i < scores.size(); ++i)
    if (i != right && !(scores[right].nats < scores[i].nats)) return false;
  return true;
}

// A single answer must be what greedy decoding gives; of several, the right one must be the
// likeliest.
bool is_right(const OneShotItem& item, std::span<const AnswerScore> scores) {
  return scores.size() == 1 ? scores[0].greedy : likeliest(item.right, scores);
}

Score share_right(const std::string& name, std::int64_t step, std::size_t right, std::size_t count,
                  double chance) {
  Score score;
  score.step = step;
  score.task = name;
  score.metric = "accuracy";
  score.n = static_cast<std::int64_t>(count);
  score.value = static_cast<double>(right) / static_cast<double>(count);
  score.standard_error = std::sqrt(score.value * (1 - score.value) / static_cast<double>(score.n));
  score.chance = chance;
  return score;
}

std::optional<Score> score_task(const LanguageModel& model, const Dataset& dataset,
                                const std::string& name, const OneShotTask& task, std::int64_t step,
                                const std::function<bool()>& stop) {
  const auto length = static_cast<std::size_t>(model.spec().sequence);
  std::vector<AnswerRow> rows;
  for (const OneShotItem& item : task.items)
    for (const std::string& answer : item.answers)
      rows.push_back(answer_row(dataset, item, answer, length));
  const auto scores = score_rows(model, rows, length, stop);
  if (!scores) return std::nullopt;
  std::size_t right = 0;
  std::size_t next = 0;
  for (const OneShotItem& item : task.items) {
    right += is_right(item, std::span(*scores).subspan(next, item.answers.size())) ? 1 : 0;
    next += item.answers.size();
  }
  return share_right(name, step, right, task.items.size(), task.chance);
}

// The model's score and, as a task of its own, the best that there is.
std::optional<std::vector<Score>> score_symbol_order(const LanguageModel& model,
                                                     const SyntheticLanguage& language,
                                                     std::int64_t step,
                                                     const std::function<bool()>& stop) {
  const SymbolOrderTask task = symbol_order_task(language, model.spec().sequence);
  if (task.items.empty()) return std::vector<Score>();
  const auto length = static_cast<std::size_t>(model.spec().sequence);
  std::vector<AnswerRow> rows;
  for (const SymbolOrderItem& item : task.items)
    for (const auto& row : item.rows) rows.push_back({row, length - task.answer, length});
  const auto answers = score_rows(model, rows, length, stop);
  if (!answers) return std::nullopt;
  std::size_t right = 0;
  for (std::size_t i = 0; i < task.items.size(); ++i)
    right += likeliest(task.items[i].right, std::span(*answers).subspan(4 * i, 4)) ? 1 : 0;
  std::vector<Score> scores = {share_right(kSymbolOrder, step, right, task.items.size(), 0.25)};
  Score best = scores[0];
  best.task += kBestSuffix;
  best.value = task.best;
  best.standard_error = 0;
  scores.push_back(best);
  return scores;
}

}  // namespace

std::vector<std::string> one_shot_task_names() {
  std::vector<std::string> names = text_task_kinds();
  names.push_back(kSymbolOrder);
  return names;
}

std::optional<std::vector<Score>> score_one_shot(const LanguageModel& model, const Dataset& dataset,
                                                 const std::vector<std::string>& tasks,
                                                 std::int64_t step,
                                                 const std::function<bool()>& stop) {
  const EncodeFunction encode = [&](const std::string& text) { return dataset.encode(text); };
  const std::vector<std::string> known = one_shot_task_names();
  std::vector<Score> scores;
  for (const std::string& name : tasks) {
    if (std::ranges::find(known, name) == known.end())
      throw InputError(fmt::format("evaluate.tasks names {} (there is no such task){}", name,
                                   suggestion(name, known)));
    if (name == kSymbolOrder) {
      if (dataset.language() == nullptr) continue;
      const auto both = score_symbol_order(model, *dataset.language(), step, stop);
      if (!both) return std::nullopt;
      scores.insert(scores.end(), both->begin(), both->end());
      continue;
    }
    if (dataset.held_out_text().empty()) continue;
    const OneShotTask task =
        text_task(name, {dataset.held_out_text(), encode, model.spec().sequence,
                         dataset.held_out().bytes_per_token});
    if (task.items.empty()) continue;
    const auto score = score_task(model, dataset, name, task, step, stop);
    if (!score) return std::nullopt;
    scores.push_back(*score);
  }
  return scores;
}

}  // namespace isoloss
