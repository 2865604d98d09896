#include "harness/oneshot/answer_rules.h"

#include <algorithm>
#include <map>

#include "harness/oneshot/drop_answers.h"
#include "harness/oneshot/unicode_text.h"

namespace isoloss {
namespace {

std::string joined_words(const std::vector<std::string>& words) {
  std::string text;
  for (const std::string& word : words) text += (text.empty() ? "" : " ") + word;
  return text;
}

AnswerScore best_of(const std::string& written, std::span<const std::string> golds) {
  AnswerScore best;
  for (const std::string& gold : golds) {
    best.exact =
        std::max(best.exact, squad_normalized(written) == squad_normalized(gold) ? 1. : 0.);
    best.f1 = std::max(best.f1, squad_f1(written, gold));
  }
  return best;
}

AnswerScore leave_one_out(const std::string& written, std::span<const std::string> golds) {
  if (golds.size() < 2) return best_of(written, golds);
  AnswerScore sum;
  for (std::size_t left_out = 0; left_out < golds.size(); ++left_out) {
    std::vector<std::string> others(golds.begin(), golds.end());
    others.erase(others.begin() + static_cast<std::ptrdiff_t>(left_out));
    const AnswerScore best = best_of(written, others);
    sum.exact += best.exact;
    sum.f1 += best.f1;
  }
  const auto count = static_cast<double>(golds.size());
  return {sum.exact / count, sum.f1 / count};
}

AnswerScore squad_score(const std::string& written, std::span<const std::string> golds) {
  std::vector<std::string> answers;
  for (const std::string& gold : golds)
    if (!squad_normalized(gold).empty()) answers.push_back(gold);
  if (answers.empty()) answers.push_back("");
  return best_of(written, answers);
}

std::string first_line(const std::string& text) {
  const std::string start = trimmed(text);
  return start.substr(0, start.find('\n'));
}

std::vector<std::string> distinct(std::span<const std::string> golds) {
  std::vector<std::string> kept;
  std::vector<std::string> seen;
  for (const std::string& gold : golds) {
    const std::string lower = lower_cased(gold);
    if (std::find(seen.begin(), seen.end(), lower) != seen.end()) continue;
    seen.push_back(lower);
    kept.push_back(gold);
  }
  return kept;
}

std::vector<std::string> quac_golds(std::span<const std::string> golds) {
  const std::string cannot = "CANNOTANSWER";
  const auto count = static_cast<std::size_t>(std::count(golds.begin(), golds.end(), cannot));
  if (2 * count >= golds.size()) return {cannot};
  std::vector<std::string> spans;
  for (const std::string& gold : golds)
    if (gold != cannot) spans.push_back(gold);
  return spans;
}

// The articles with their blank at the start of a word, wherever they stand.
std::string without_articles(const std::string& text) {
  const char* const articles[] = {"The ", "the ", "An ", "A ", "a ", "an "};
  std::string kept;
  for (std::size_t at = 0; at < text.size();) {
    const bool starts = at == 0 || !is_word_point(static_cast<unsigned char>(text[at - 1]));
    std::size_t length = 0;
    for (const std::string article : articles)
      if (starts && text.compare(at, article.size(), article) == 0)
        length = std::max(length, article.size());
    if (length == 0) kept += text[at++];
    at += length;
  }
  return kept;
}

std::string plain(const std::string& text, bool articles) {
  return without_punctuation(lower_cased(articles ? without_articles(text) : text));
}

AnswerScore plain_score(const std::string& written, std::span<const std::string> golds,
                        bool articles) {
  const std::string answer = plain(trimmed(written), articles);
  for (const std::string& gold : golds)
    if (answer == plain(gold, articles)) return {1, 1};
  return {};
}

}  // namespace

std::string squad_normalized(const std::string& text) {
  return joined_words(blank_separated(articles_blanked(without_punctuation(lower_cased(text)))));
}

double squad_f1(const std::string& written, const std::string& gold) {
  const std::vector<std::string> ours = blank_separated(squad_normalized(written));
  const std::vector<std::string> theirs = blank_separated(squad_normalized(gold));
  if (ours.empty() || theirs.empty()) return ours.empty() && theirs.empty() ? 1 : 0;
  std::map<std::string, int> bag;
  for (const std::string& word : theirs) ++bag[word];
  int same = 0;
  for (const std::string& word : ours)
    if (bag[word]-- > 0) ++same;
  if (same == 0) return 0;
  const double precision = static_cast<double>(same) / static_cast<double>(ours.size());
  const double recall = static_cast<double>(same) / static_cast<double>(theirs.size());
  return 2 * precision * recall / (precision + recall);
}

AnswerScore answer_score(AnswerRule rule, const std::string& written,
                         std::span<const std::string> golds) {
  switch (rule) {
    case AnswerRule::Squad:
      return squad_score(written, golds);
    case AnswerRule::SquadAbstain:
      return squad_score(squad_normalized(written) == "unanswerable" ? "" : written, golds);
    case AnswerRule::Coqa:
      return leave_one_out(first_line(written), golds);
    case AnswerRule::CoqaDistinct:
      return leave_one_out(first_line(written), distinct(golds));
    case AnswerRule::Quac:
      return leave_one_out(written, quac_golds(golds));
    case AnswerRule::Drop:
      return drop_score(written, golds);
    case AnswerRule::Plain:
      return plain_score(written, golds, false);
    case AnswerRule::PlainArticles:
      return plain_score(written, golds, true);
  }
  return {};
}

}  // namespace isoloss
