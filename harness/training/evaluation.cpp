#include "harness/training/evaluation.h"

#include <algorithm>
#include <chrono>
#include <cmath>
#include <limits>
#include <span>
#include <utility>

namespace isoloss {
namespace {

// Tokens in one pass: fixed, so that a loss never depends on the batch that training used. Where
// what is computed has the size of training's passes anyway, a whole one.
constexpr std::int64_t kTokensAtOnce = 4096;

std::int64_t computed(std::int64_t tokens, std::int64_t multiple) {
  return multiple > 0 ? (tokens + multiple - 1) / multiple * multiple : tokens;
}

// Passes go round the ranks; each fills in the losses of its own, and the rest comes from the
// others. `quickest` becomes the seconds per token of this rank's quickest pass, if it is quicker.
std::optional<std::vector<float>> sequence_losses(const TokenLosses& losses_of,
                                                  const HeldOutPart& part, Communicator& data,
                                                  const std::function<bool()>& stop,
                                                  std::int64_t multiple, double& quickest) {
  using Clock = std::chrono::steady_clock;
  std::vector<float> losses(static_cast<std::size_t>(part.sequences));
  if (part.sequences == 0) return losses;
  const std::int64_t length = static_cast<std::int64_t>(part.tokens.size()) / part.sequences;
  const std::int64_t at_once =
      std::max<std::int64_t>(1, computed(kTokensAtOnce, multiple) / length);
  for (std::int64_t round = 0; round < part.sequences; round += data.size() * at_once) {
    if (stop()) return std::nullopt;
    const std::int64_t first = round + data.rank() * at_once;
    if (first >= part.sequences) continue;
    const std::int64_t count = std::min(at_once, part.sequences - first);
    const auto rows = std::span(part.tokens)
                          .subspan(static_cast<std::size_t>(first * length),
                                   static_cast<std::size_t>(count * length));
    const auto began = Clock::now();
    const std::vector<float> token_losses = losses_of(rows, length);
    const std::chrono::duration<double> took = Clock::now() - began;
    quickest = std::min(quickest,
                        took.count() / static_cast<double>(computed(std::ssize(rows), multiple)));
    for (std::int64_t row = 0; row < count; ++row) {
      double sum = 0;
      for (std::int64_t i = 0; i < length; ++i) {
        sum += static_cast<double>(token_losses[static_cast<std::size_t>(row * length + i)]);
      }
      losses[static_cast<std::size_t>(first + row)] =
          static_cast<float>(sum / static_cast<double>(length));
    }
  }
  // Once more before ranks wait for each other: one may have failed in its last pass.
  if (data.size() > 1 && stop()) return std::nullopt;
  data.all_reduce_sum(std::span<float>(losses));  // zeros but for one rank: exact
  return losses;
}

double mean(const std::vector<float>& values) {
  double sum = 0;
  for (const float value : values) sum += static_cast<double>(value);
  return sum / static_cast<double>(values.size());
}

}  // namespace

std::optional<Evaluation> evaluate_held_out(const TokenLosses& losses, const HeldOut& held_out,
                                            Communicator& data, const std::function<bool()>& stop,
                                            std::int64_t multiple) {
  double quickest = std::numeric_limits<double>::infinity();
  const auto selection =
      sequence_losses(losses, held_out.selection, data, stop, multiple, quickest);
  if (!selection) return std::nullopt;
  auto report = sequence_losses(losses, held_out.report, data, stop, multiple, quickest);
  if (!report) return std::nullopt;
  Evaluation evaluation;
  evaluation.selection_loss = mean(*selection);
  evaluation.sequence_losses = std::move(*report);
  evaluation.loss = mean(evaluation.sequence_losses);
  const auto n = static_cast<double>(evaluation.sequence_losses.size());
  double squares = 0;
  for (const float loss : evaluation.sequence_losses) {
    const double difference = static_cast<double>(loss) - evaluation.loss;
    squares += difference * difference;
  }
  if (std::isfinite(quickest)) evaluation.forward_seconds = quickest;
  evaluation.standard_error = n > 1 ? std::sqrt(squares / (n - 1) / n) : 0;
  return evaluation;
}

}  // namespace isoloss
