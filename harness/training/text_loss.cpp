#include "harness/training/text_loss.h"

#include <fmt/format.h>

#include <algorithm>
#include <cmath>
#include <vector>

#include "model/spec/error.h"

namespace isoloss {
namespace {

// Logits held at once.
constexpr std::int64_t kLogitsAtOnce = std::int64_t{1} << 23;

// -log softmax(logits)[target]
double surprise(std::span<const double> logits, std::int32_t target) {
  const double most = *std::ranges::max_element(logits);
  double sum = 0;
  for (const double logit : logits) sum += std::exp(logit - most);
  return most + std::log(sum) - logits[static_cast<std::size_t>(target)];
}

// Sums of the losses of `tokens`, rows of `length`.
std::vector<double> row_sums(const LanguageModel& model, std::span<const std::int32_t> tokens,
                             std::int64_t length, std::int32_t first_id) {
  const auto row = static_cast<std::size_t>(length);
  const auto vocabulary = static_cast<std::size_t>(model.spec().vocabulary);
  std::vector<std::int32_t> inputs(tokens.size());
  for (std::size_t i = 0; i < tokens.size(); ++i)
    inputs[i] = i % row == 0 ? first_id : tokens[i - 1];
  const std::vector<double> logits = model.logits(inputs, length);
  std::vector<double> sums(tokens.size() / row);
  for (std::size_t i = 0; i < tokens.size(); ++i)
    sums[i / row] += surprise(std::span(logits).subspan(i * vocabulary, vocabulary), tokens[i]);
  return sums;
}

void check_tokens(std::span<const std::int32_t> tokens, std::int64_t vocabulary) {
  if (tokens.empty()) throw InputError("there are no tokens to score (empty text); give some");
  for (std::size_t i = 0; i < tokens.size(); ++i)
    if (tokens[i] < 0 || tokens[i] >= vocabulary)
      throw InputError(
          fmt::format("token {} is outside the vocabulary of {} (at place {}); use the tokenizer "
                      "that the model was trained with",
                      tokens[i], vocabulary, i));
}

}  // namespace

TextLoss text_loss(const LanguageModel& model, std::span<const std::int32_t> tokens,
                   std::int64_t length, std::int32_t first_id) {
  check_tokens(tokens, model.spec().vocabulary);
  const auto row = static_cast<std::size_t>(length);
  const auto at_once = static_cast<std::size_t>(
      std::max<std::int64_t>(1, kLogitsAtOnce / (length * model.spec().vocabulary)));
  const std::size_t whole = tokens.size() / row;
  std::vector<double> sums;
  for (std::size_t first = 0; first < whole; first += at_once) {
    const std::size_t count = std::min(at_once, whole - first);
    const auto part = row_sums(model, tokens.subspan(first * row, count * row), length, first_id);
    sums.insert(sums.end(), part.begin(), part.end());
  }
  TextLoss result{std::ssize(tokens), 0, {}};
  double total = 0, squares = 0;
  for (const double sum : sums) total += sum;
  const double rows = static_cast<double>(whole), mean = total / std::max(rows, 1.0);
  for (const double sum : sums) squares += (sum - mean) * (sum - mean);
  if (whole > 1)
    result.standard_error = std::sqrt(squares / (rows - 1) / rows) / static_cast<double>(length);
  if (const std::size_t rest = tokens.size() % row; rest > 0)
    total += row_sums(model, tokens.last(rest), static_cast<std::int64_t>(rest), first_id).front();
  result.loss = total / static_cast<double>(tokens.size());
  return result;
}

}  // namespace isoloss
