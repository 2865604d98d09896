#include "results/run_difference.h"

#include <fmt/format.h>

#include <algorithm>
#include <cmath>
#include <iterator>
#include <string_view>

namespace isoloss {

namespace {

// Collects the first difference; later ones are not looked at.
class Difference {
 public:
  void number(std::string_view what, double a, double b) {
    if (text_.empty() && !same_number(a, b)) text_ = fmt::format("{}: {} and {}", what, a, b);
  }
  void text(std::string_view what, const std::string& a, const std::string& b) {
    if (text_.empty() && a != b) text_ = fmt::format("{}: '{}' and '{}'", what, a, b);
  }
  bool found() const { return !text_.empty(); }
  std::string take() && { return std::move(text_); }

 private:
  std::string text_;
};

void compare_headers(const RunHeader& a, const RunHeader& b, Difference& difference) {
  difference.text("its spec", a.spec_json, b.spec_json);
  difference.text("its tokenizer", a.tokenizer_hash, b.tokenizer_hash);
  difference.text("its held-out text", a.held_out_hash, b.held_out_hash);
  difference.number("tokens of its training part", a.training_tokens, b.training_tokens);
}

void compare_steps(const RunRecord& a, const RunRecord& b, Difference& difference) {
  auto other = b.steps.begin();
  for (const StepMetrics& step : a.steps) {
    if (difference.found()) return;
    while (other != b.steps.end() && other->step < step.step) ++other;
    if (other == b.steps.end()) return;
    if (other->step != step.step) continue;
    difference.number(fmt::format("loss of step {}", step.step), step.loss, other->loss);
    difference.number(fmt::format("learning rate of step {}", step.step), step.learning_rate,
                      other->learning_rate);
    difference.number(fmt::format("gradient norm of step {}", step.step), step.gradient_norm,
                      other->gradient_norm);
  }
}

void compare_evaluations(const Evaluation& a, const Evaluation& b, Difference& difference) {
  const std::string where = fmt::format("of the evaluation at step {}", a.step);
  difference.number("loss " + where, a.loss, b.loss);
  difference.number("selection loss " + where, a.selection_loss, b.selection_loss);
  difference.number("tokens " + where, a.tokens, b.tokens);
  difference.number("FLOPs " + where, a.flops, b.flops);
  difference.number("number of sequences " + where, static_cast<double>(a.sequence_losses.size()),
                    static_cast<double>(b.sequence_losses.size()));
  for (std::size_t i = 0; i < a.sequence_losses.size() && !difference.found(); ++i)
    difference.number(fmt::format("loss of sequence {} {}", i, where),
                      static_cast<double>(a.sequence_losses[i]),
                      static_cast<double>(b.sequence_losses[i]));
}

void compare_ends(const RunRecord& a, const RunRecord& b, Difference& difference) {
  const bool a_ended = a.state == RunState::Diverged, b_ended = b.state == RunState::Diverged;
  if (difference.found() || a_ended == b_ended) return;
  const RunRecord& ended = a_ended ? a : b;
  const RunRecord& other = a_ended ? b : a;
  if (last_step(other) > last_step(ended))
    difference.text(fmt::format("its state after step {}", last_step(ended)),
                    a_ended ? "diverged" : "trained on", b_ended ? "diverged" : "trained on");
}

}  // namespace

std::string first_difference(const RunRecord& a, const RunRecord& b) {
  Difference difference;
  compare_headers(a.header, b.header, difference);
  compare_steps(a, b, difference);
  for (const Evaluation& evaluation : a.evaluations) {
    const auto same = std::ranges::find_if(b.evaluations, [&](const Evaluation& other) {
      return other.step == evaluation.step && other.budget == evaluation.budget &&
             other.budget_unit == evaluation.budget_unit;
    });
    if (same != b.evaluations.end()) compare_evaluations(evaluation, *same, difference);
  }
  for (const Score& score : a.scores) {
    const auto same = std::ranges::find_if(b.scores, [&](const Score& other) {
      return other.step == score.step && other.task == score.task && other.metric == score.metric;
    });
    if (same == b.scores.end()) continue;
    difference.number(fmt::format("{} of {} at step {}", score.metric, score.task, score.step),
                      score.value, same->value);
  }
  compare_ends(a, b, difference);
  return std::move(difference).take();
}

}  // namespace isoloss
