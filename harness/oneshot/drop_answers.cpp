#include "harness/oneshot/drop_answers.h"

#include <fmt/format.h>

#include <algorithm>
#include <charconv>
#include <cmath>
#include <limits>
#include <nlohmann/json.hpp>
#include <optional>

#include "harness/oneshot/unicode_text.h"

namespace isoloss {
namespace {

std::optional<double> number_in(const std::string& word) {
  const std::string text = trimmed(word);
  const char* first = text.data();
  const char* last = first + text.size();
  if (text.size() > 1 && text[0] == '+' && text[1] != '-') ++first;
  double value = 0;
  const auto [stop, code] = std::from_chars(first, last, value);
  if (code != std::errc() || stop != last) return std::nullopt;
  return value;
}

// As the evaluator writes numbers: 5 as 5.0, so that a 5 which it leaves alone is another word.
std::string number_text(double value) {
  const std::string text = fmt::format("{}", value);
  return text.find_first_not_of("-0123456789") == std::string::npos ? text + ".0" : text;
}

std::string normalized_word(const std::string& raw) {
  std::string word = lower_cased(raw);
  if (!number_in(word)) word = without_punctuation(word);
  if (const auto number = number_in(word)) word = number_text(*number);
  std::string kept;
  for (const std::string& part : blank_separated(articles_blanked(word)))
    kept += (kept.empty() ? "" : " ") + part;
  return kept;
}

std::set<std::string> word_set(const std::string& normalized) {
  const std::vector<std::string> words = blank_separated(normalized);
  return {words.begin(), words.end()};
}

// A gold that is no JSON list is one span.
std::vector<std::string> gold_spans(const std::string& gold) {
  const nlohmann::json list = nlohmann::json::parse(gold, nullptr, false);
  if (!list.is_array()) return {gold};
  std::vector<std::string> spans;
  for (const nlohmann::json& span : list)
    spans.push_back(span.is_string() ? span.get<std::string>() : span.dump());
  return spans;
}

}  // namespace

std::string drop_normalized(const std::string& span) {
  std::string text;
  std::string word;
  const auto close = [&] {
    const std::string normal = normalized_word(word);
    if (!normal.empty()) text += (text.empty() ? "" : " ") + normal;
    word.clear();
  };
  for (const char c : span) {
    if (c == ' ' || c == '-')
      close();
    else
      word += c;
  }
  close();
  return text;
}

double drop_span_f1(const std::set<std::string>& written, const std::set<std::string>& gold) {
  bool gold_has_numbers = false;
  bool number_agrees = false;
  std::size_t same = 0;
  for (const std::string& word : gold) {
    const bool found = written.contains(word);
    same += found ? 1 : 0;
    if (!number_in(word)) continue;
    gold_has_numbers = true;
    number_agrees |= found;
  }
  if (gold_has_numbers && !number_agrees) return 0;
  const auto share = [&](const std::set<std::string>& words) {
    return words.empty() ? 1.0 : static_cast<double>(same) / static_cast<double>(words.size());
  };
  const double precision = share(written);
  const double recall = share(gold);
  return precision + recall == 0 ? 0 : 2 * precision * recall / (precision + recall);
}

// The Hungarian method with potentials, on costs = -values, rows padded to a square by zeros.
std::vector<int> best_pairing(const std::vector<std::vector<double>>& values) {
  const std::size_t rows = values.size();
  const std::size_t columns = rows ? values[0].size() : 0;
  const std::size_t n = std::max(rows, columns);
  const auto cost = [&](std::size_t row, std::size_t column) {
    return row < rows && column < columns ? -values[row][column] : 0.0;
  };
  constexpr double kInfinite = std::numeric_limits<double>::infinity();
  std::vector<double> row_potential(n + 1), column_potential(n + 1);
  std::vector<std::size_t> row_of(n + 1, 0), before(n + 1, 0);  // from 1; 0: none
  for (std::size_t row = 1; row <= n; ++row) {
    std::vector<double> slack(n + 1, kInfinite);
    std::vector<bool> used(n + 1, false);
    std::size_t at = 0;
    row_of[0] = row;
    do {
      used[at] = true;
      std::size_t next = 0;
      double least = kInfinite;
      for (std::size_t j = 1; j <= n; ++j) {
        if (used[j]) continue;
        const double reduced =
            cost(row_of[at] - 1, j - 1) - row_potential[row_of[at]] - column_potential[j];
        if (reduced < slack[j]) slack[j] = reduced, before[j] = at;
        if (slack[j] < least) least = slack[j], next = j;
      }
      for (std::size_t j = 0; j <= n; ++j) {
        if (used[j])
          row_potential[row_of[j]] += least, column_potential[j] -= least;
        else
          slack[j] -= least;
      }
      at = next;
    } while (row_of[at] != 0);
    for (; at != 0; at = before[at]) row_of[at] = row_of[before[at]];
  }
  std::vector<int> column_of(rows, -1);
  for (std::size_t j = 1; j <= columns; ++j)
    if (row_of[j] <= rows) column_of[row_of[j] - 1] = static_cast<int>(j - 1);
  return column_of;
}

AnswerScore drop_spans_score(std::span<const std::string> written,
                             std::span<const std::string> gold) {
  std::vector<std::string> ours, theirs;
  for (const std::string& span : written) ours.push_back(drop_normalized(span));
  for (const std::string& span : gold) theirs.push_back(drop_normalized(span));
  std::vector<std::vector<double>> f1(theirs.size(), std::vector<double>(ours.size()));
  for (std::size_t i = 0; i < theirs.size(); ++i)
    for (std::size_t j = 0; j < ours.size(); ++j)
      f1[i][j] = drop_span_f1(word_set(ours[j]), word_set(theirs[i]));
  const std::vector<int> pairs = best_pairing(f1);
  double sum = 0;
  for (std::size_t i = 0; i < pairs.size(); ++i)
    if (pairs[i] >= 0) sum += f1[i][static_cast<std::size_t>(pairs[i])];
  const double mean = sum / static_cast<double>(std::max(ours.size(), theirs.size()));
  const bool exact =
      ours.size() == theirs.size() && std::set<std::string>(ours.begin(), ours.end()) ==
                                          std::set<std::string>(theirs.begin(), theirs.end());
  return {exact ? 1.0 : 0.0, std::nearbyint(mean * 100) / 100};
}

AnswerScore drop_score(const std::string& written, std::span<const std::string> golds) {
  AnswerScore best;
  const std::string spans[] = {written};
  for (const std::string& gold : golds) {
    const std::vector<std::string> texts = gold_spans(gold);
    if (texts.empty() || trimmed(texts[0]).empty()) continue;
    const AnswerScore score = drop_spans_score(spans, texts);
    best.exact = std::max(best.exact, score.exact);
    best.f1 = std::max(best.f1, score.f1);
  }
  return best;
}

}  // namespace isoloss
