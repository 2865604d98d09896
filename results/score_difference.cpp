#include "results/score_difference.h"

#include <fmt/format.h>

#include <algorithm>
#include <cmath>
#include <cstddef>
#include <map>
#include <span>

namespace isoloss {
namespace {

constexpr double kRounding = 1e-4;

bool close(double a, double b) {
  return a == b || std::abs(a - b) <= kRounding * std::max({1.0, std::abs(a), std::abs(b)});
}

template <typename Value>
std::string unequal(const char* what, const Value& a, const Value& b) {
  return a == b ? "" : fmt::format("{}: {} and {}", what, a, b);
}

std::string difference_in_what_was_asked(const TaskScores& a, const TaskScores& b) {
  for (const std::string& difference :
       {unequal("run", a.model, b.model), unequal("trial", a.trial, b.trial),
        unequal("task", a.task, b.task), unequal("profile", a.profile, b.profile),
        unequal("step", a.step, b.step), unequal("card", a.card_digest, b.card_digest),
        unequal("data", a.data_digest, b.data_digest), unequal("shots", a.shots, b.shots),
        unequal("seed of the suite", a.suite_seed, b.suite_seed),
        unequal("tokenizer", a.tokenizer, b.tokenizer)})
    if (!difference.empty()) return difference;
  return "";
}

struct Answers {
  const TaskItem* item = nullptr;
  std::span<const ChoiceRow> rows;
};

// By id; rows of an item lie together.
std::map<std::string, Answers> answers_of(const TaskScores& scores) {
  std::map<std::string, Answers> answers;
  std::size_t at = 0;
  for (std::size_t i = 0; i < scores.items.size(); ++i) {
    const std::size_t first = at;
    while (at < scores.rows.size() && scores.rows[at].item == static_cast<std::int64_t>(i)) ++at;
    answers[scores.items[i].id] = {&scores.items[i],
                                   std::span(scores.rows).subspan(first, at - first)};
  }
  return answers;
}

bool same_question(const ChoiceRow& a, const ChoiceRow& b) {
  return a.choice == b.choice && a.gold == b.gold && a.tokens == b.tokens && a.bytes == b.bytes;
}

std::string difference_in_item(const std::string& id, const Answers& a, const Answers& b) {
  if (!std::ranges::equal(a.rows, b.rows, same_question) || a.item->golds != b.item->golds)
    return fmt::format("the choices of item {}", id);
  for (std::size_t r = 0; r < a.rows.size(); ++r)
    for (const auto& [what, value] :
         {std::pair("log P", &ChoiceRow::log_probability),
          std::pair("log P without its question", &ChoiceRow::unconditional)})
      if (!close(a.rows[r].*value, b.rows[r].*value))
        return fmt::format("{} of item {}, choice {}: {} and {}", what, id, a.rows[r].choice,
                           a.rows[r].*value, b.rows[r].*value);
  if (a.item->generated != b.item->generated)
    return fmt::format("what was written for item {}", id);
  return "";
}

}  // namespace

std::string first_difference(const TaskScores& kept, const TaskScores& other) {
  const std::string asked = difference_in_what_was_asked(kept, other);
  if (!asked.empty()) return asked;
  const auto answers = answers_of(kept);
  for (const auto& [id, its] : answers_of(other)) {
    const auto same = answers.find(id);
    if (same == answers.end()) return fmt::format("item {}: in one of them alone", id);
    const std::string difference = difference_in_item(id, same->second, its);
    if (!difference.empty()) return difference;
  }
  return "";
}

}  // namespace isoloss
