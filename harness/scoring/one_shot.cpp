#include "harness/scoring/one_shot.h"

#include <fmt/format.h>

#include <algorithm>
#include <utility>

#include "harness/data/symbol_order.h"
#include "harness/oneshot/study_card.h"
#include "harness/oneshot/text_pieces.h"
#include "harness/oneshot/text_task.h"
#include "harness/oneshot/unicode_text.h"
#include "harness/scoring/answer_rows.h"
#include "model/spec/error.h"
#include "model/spec/nearest_name.h"
#include "results/best_possible.h"
#include "results/file_seal.h"

namespace isoloss {
namespace {

constexpr const char* kSymbolOrder = "symbol-order";
// Items that begin in one such stretch of text, a page of a book, may share a scene and its names.
constexpr std::size_t kPageBytes = 2048;

// The answer's tokens are those after the longest common prefix of the two encodings.
AnswerRow answer_row(const Dataset& dataset, const OneShotItem& item, const std::string& answer,
                     std::size_t length) {
  const std::string context = item.shot + item.context;
  const std::vector<std::int32_t> before = dataset.encode(context);
  AnswerRow row;
  row.tokens = dataset.encode(context + answer);
  row.first = static_cast<std::size_t>(
      std::mismatch(before.begin(), before.end(), row.tokens.begin(), row.tokens.end()).first -
      before.begin());
  row.end = row.tokens.size();
  row.tokens.resize(length, 0);
  row.bytes = std::ssize(answer);
  row.code_points = count_code_points(answer.starts_with(' ') ? answer.substr(1) : answer);
  return row;
}

std::string digest_of(const std::string& bytes) { return fmt::format("{:016x}", checksum(bytes)); }

// Of everything that is asked.
std::string digest_of(const OneShotTask& task) {
  std::string all;
  for (const OneShotItem& item : task.items)
    all += fmt::format("{}\n{}\n{}\n{}\n", item.shot, item.context, fmt::join(item.answers, "\n"),
                       item.right);
  return digest_of(all);
}

std::string digest_of(const SymbolOrderTask& task) {
  std::string all;
  for (const SymbolOrderItem& item : task.items) {
    for (const auto& row : item.rows) all += fmt::format("{}\n", fmt::join(row, " "));
    all += fmt::format("{}\n", item.right);
  }
  return digest_of(all);
}

std::optional<TaskScores> score_text_task(const LanguageModel& model, const Dataset& dataset,
                                          const std::string& name, const OneShotTask& task,
                                          Communicator& data, const std::function<bool()>& stop) {
  const auto length = static_cast<std::size_t>(model.spec().sequence);
  std::vector<AnsweredItem> items;
  for (const OneShotItem& item : task.items) {
    AnsweredItem& asked = items.emplace_back();
    asked.id = fmt::format("{}", items.size() - 1);
    asked.cluster = item.place ? fmt::format("page {}", *item.place / kPageBytes) : asked.id;
    asked.right = item.right;
    for (const std::string& answer : item.answers)
      asked.answers.push_back(answer_row(dataset, item, answer, length));
  }
  auto scores = score_answers(model, study_card(name, task.chance), items, data, stop);
  if (!scores) return std::nullopt;
  scores->data_digest = digest_of(task);
  scores->suite_seed = static_cast<std::int64_t>(kSuiteSeed);
  return scores;
}

std::optional<TaskScores> score_symbol_order(const LanguageModel& model,
                                             const SymbolOrderTask& task, Communicator& data,
                                             const std::function<bool()>& stop) {
  const auto length = static_cast<std::size_t>(model.spec().sequence);
  std::vector<AnsweredItem> items;
  for (const SymbolOrderItem& item : task.items) {
    AnsweredItem& asked = items.emplace_back();
    asked.id = asked.cluster = fmt::format("{}", items.size() - 1);
    asked.right = item.right;
    for (const auto& row : item.rows)
      asked.answers.push_back({row, length - task.answer, length, 0, 0});
  }
  auto scores = score_answers(model, study_card(kSymbolOrder, 0.25), items, data, stop);
  if (!scores) return std::nullopt;
  scores->data_digest = digest_of(task);
  scores->shots = 0;
  return scores;
}

Score score_of(const TaskScores& scores, std::int64_t step) {
  Score score;
  score.step = step;
  score.task = scores.task;
  score.metric = scores.metrics.front();
  score.n = std::ssize(scores.items);
  score.value = scores.figures.front().value;
  score.standard_error = scores.figures.front().standard_error;
  score.chance = scores.chance;
  return score;
}

// Without items where the data are no text.
OneShotTask text_task_of(const Dataset& dataset, std::int64_t sequence, const std::string& name) {
  if (dataset.held_out_text().empty()) return {};
  const EncodeFunction encode = [&](const std::string& text) { return dataset.encode(text); };
  return text_task(name,
                   {dataset.held_out_text(), encode, sequence, dataset.held_out().bytes_per_token});
}

// Without items where the data are of no known language.
SymbolOrderTask symbol_task_of(const Dataset& dataset, std::int64_t sequence) {
  if (dataset.language() == nullptr) return {};
  return symbol_order_task(*dataset.language(), sequence);
}

// One named task; false where `stop` said yes.
bool add_task(const LanguageModel& model, const Dataset& dataset, const std::string& name,
              std::int64_t step, Communicator& data, const std::function<bool()>& stop,
              OneShotScores& all) {
  std::optional<TaskScores> scores;
  std::optional<double> best;
  if (name == kSymbolOrder) {
    const SymbolOrderTask task = symbol_task_of(dataset, model.spec().sequence);
    if (task.items.empty()) return true;
    best = task.best;
    scores = score_symbol_order(model, task, data, stop);
  } else {
    const OneShotTask task = text_task_of(dataset, model.spec().sequence, name);
    if (task.items.empty()) return true;
    scores = score_text_task(model, dataset, name, task, data, stop);
  }
  if (!scores) return false;
  scores->step = step;
  scores->tokenizer = dataset.tokenizer_name();
  all.scores.push_back(score_of(*scores, step));
  if (best) {
    Score& level = all.scores.emplace_back(all.scores.back());
    level.task += kBestSuffix;
    level.value = *best;
    level.standard_error = 0;
  }
  all.rows.push_back(std::move(*scores));
  return true;
}

}  // namespace

std::vector<std::string> one_shot_task_names() {
  std::vector<std::string> names = text_task_kinds();
  names.push_back(kSymbolOrder);
  return names;
}

std::vector<std::string> tasks_without_score(const Dataset& dataset, std::int64_t sequence,
                                             const std::vector<std::string>& tasks) {
  std::vector<std::string> without;
  for (const std::string& name : tasks)
    if (name == kSymbolOrder ? symbol_task_of(dataset, sequence).items.empty()
                             : text_task_of(dataset, sequence, name).items.empty())
      without.push_back(name);
  return without;
}

std::optional<OneShotScores> score_one_shot(const LanguageModel& model, const Dataset& dataset,
                                            const std::vector<std::string>& tasks,
                                            std::int64_t step, Communicator& data,
                                            const std::function<bool()>& stop) {
  const std::vector<std::string> known = one_shot_task_names();
  OneShotScores all;
  for (const std::string& name : tasks) {
    if (std::ranges::find(known, name) == known.end())
      throw InputError(fmt::format("evaluate.tasks names {} (there is no such task){}", name,
                                   suggestion(name, known)));
    if (!add_task(model, dataset, name, step, data, stop, all)) return std::nullopt;
  }
  return all;
}

}  // namespace isoloss
