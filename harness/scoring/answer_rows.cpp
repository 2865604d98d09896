#include "harness/scoring/answer_rows.h"

#include <algorithm>
#include <span>

#include "harness/oneshot/metrics.h"

namespace isoloss {
namespace {

constexpr std::size_t kRowsAtOnce = 32;

// log P and whether greedy, of rows [first, first + asked.size()).
void ask_rows(const LanguageModel& model, std::span<const AnswerRow* const> asked,
              std::span<ChoiceRow> rows) {
  const auto length = static_cast<std::size_t>(model.spec().sequence);
  std::vector<std::int32_t> tokens;
  for (const AnswerRow* row : asked)
    tokens.insert(tokens.end(), row->tokens.begin(), row->tokens.end());
  const auto predictions = model.predictions(tokens, static_cast<std::int64_t>(length));
  for (std::size_t r = 0; r < asked.size(); ++r) {
    rows[r].greedy = asked[r]->first < asked[r]->end;
    for (std::size_t i = asked[r]->first; i < asked[r]->end; ++i) {
      // A loss of nothing may round to just below it.
      rows[r].log_probability -=
          std::max(0.0, static_cast<double>(predictions.losses[r * length + i]));
      rows[r].greedy = rows[r].greedy && predictions.greedy[r * length + i] != 0;
    }
  }
}

// Zeros but for what one rank asked, so that the sums are exact.
void share_rows(std::span<ChoiceRow> rows, Communicator& data) {
  std::vector<double> answers;
  for (const ChoiceRow& row : rows) {
    answers.push_back(row.log_probability);
    answers.push_back(row.greedy ? 1 : 0);
  }
  data.all_reduce_sum(std::span<double>(answers));
  for (std::size_t r = 0; r < rows.size(); ++r) {
    rows[r].log_probability = answers[2 * r];
    rows[r].greedy = answers[2 * r + 1] > 0;
  }
}

// Passes go round the ranks. False where `stop` said yes.
bool ask_all_rows(const LanguageModel& model, std::span<const AnswerRow* const> asked,
                  std::span<ChoiceRow> rows, Communicator& data,
                  const std::function<bool()>& stop) {
  const auto ranks = static_cast<std::size_t>(data.size());
  const auto mine = static_cast<std::size_t>(data.rank());
  for (std::size_t round = 0; round < asked.size(); round += ranks * kRowsAtOnce) {
    if (stop()) return false;
    const std::size_t first = round + mine * kRowsAtOnce;
    if (first >= asked.size()) continue;
    const std::size_t count = std::min(kRowsAtOnce, asked.size() - first);
    ask_rows(model, asked.subspan(first, count), rows.subspan(first, count));
  }
  // Once more before ranks wait for each other: one may have failed in its last pass.
  if (ranks > 1 && stop()) return false;
  share_rows(rows, data);
  return true;
}

}  // namespace

std::optional<TaskScores> score_answers(const LanguageModel& model, const TaskCard& card,
                                        const std::vector<AnsweredItem>& items, Communicator& data,
                                        const std::function<bool()>& stop) {
  TaskScores scores;
  scores.task = card.task;
  scores.profile = card.profile;
  scores.card_digest = card.digest;
  scores.overlap_searched = false;
  std::vector<const AnswerRow*> asked;
  for (const AnsweredItem& item : items) {
    TaskItem& kept = scores.items.emplace_back();
    kept.id = item.id;
    kept.cluster = item.cluster;
    for (std::size_t k = 0; k < item.answers.size(); ++k) {
      const AnswerRow& answer = item.answers[k];
      asked.push_back(&answer);
      ChoiceRow& row = scores.rows.emplace_back();
      row.item = std::ssize(scores.items) - 1;
      row.choice = static_cast<std::int64_t>(k);
      row.gold = k == item.right;
      row.tokens = static_cast<std::int64_t>(answer.end - answer.first);
      row.bytes = answer.bytes;
      row.code_points = answer.code_points;
    }
  }
  if (!ask_all_rows(model, asked, scores.rows, data, stop)) return std::nullopt;
  compute_metrics(card, scores);
  return scores;
}

}  // namespace isoloss
