#include "harness/trainer.h"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <cmath>

#include "harness/evaluation.h"
#include "harness/one_shot.h"

namespace isoloss {
namespace {

using Clock = std::chrono::steady_clock;

// What the leading rank finds, on every rank: clocks and requests to stop are its own.
bool agreed(bool found, Communicator& ranks) {
  std::array<std::byte, 1> byte = {static_cast<std::byte>(found)};
  ranks.broadcast(byte, 0);
  return byte[0] != std::byte{0};
}

// The other ranks give their parts of the tensors where the leading rank's listener takes them.
void ask_for_checkpoint(TrainingState& state, const TrainingListener& listener) {
  Communicator& all = state.ranks().all();
  if (!state.ranks().leads()) {
    if (agreed(false, all)) state.give_tensors({});
    return;
  }
  bool taken = false;
  listener(CheckpointDue{[&](const TensorSink& take) {
    taken = agreed(true, all);
    state.give_tensors(take);
  }});
  if (!taken) agreed(false, all);
}

// Evaluates where a stop asks for the state's step; false where the held-out loss is not finite.
bool evaluate_if_due(const TrainingState& state, const RunSpec& spec, const Dataset& dataset,
                     const std::vector<EvaluationStop>& stops, const TrainingListener& listener) {
  const auto due = [&](const EvaluationStop& stop) { return stop.step == state.step(); };
  if (std::ranges::none_of(stops, due)) return true;
  Evaluation evaluation =
      evaluate_held_out(state.model(), dataset.held_out(), state.ranks().data());
  if (!std::isfinite(evaluation.loss) || !std::isfinite(evaluation.selection_loss)) {
    listener(TrainingDiverged{fmt::format("held-out loss is not finite at step {}", state.step())});
    return false;
  }
  evaluation.step = state.step();
  evaluation.tokens = static_cast<double>(state.step() * spec.optimizer.batch_tokens);
  evaluation.flops = static_cast<double>(state.step()) * flops_per_step(spec);
  evaluation.seconds = state.seconds();
  for (const EvaluationStop& stop : stops) {
    if (!due(stop)) continue;
    evaluation.budget = stop.budget;
    evaluation.budget_unit = name_of(stop.unit);
    listener(evaluation);
  }
  for (const Score& score :
       score_one_shot(state.model(), dataset, spec.evaluation.tasks, state.step())) {
    listener(score);
  }
  return true;
}

}  // namespace

TrainingOutcome train(TrainingState& state, const RunSpec& spec, const Dataset& dataset,
                      const TrainingSegment& segment, const TrainingListener& listener,
                      const std::function<bool()>& stop) {
  Communicator &all = state.ranks().all(), &data = state.ranks().data();
  const std::int64_t windows = spec.optimizer.batch_tokens / spec.model.sequence;
  const std::int64_t mine = windows / data.size();
  auto last_checkpoint = Clock::now();
  if (!evaluate_if_due(state, spec, dataset, segment.stops, listener)) {
    return TrainingOutcome::Diverged;
  }
  while (state.step() < segment.to) {
    if (agreed(stop(), all)) {
      ask_for_checkpoint(state, listener);
      return TrainingOutcome::Stopped;
    }
    const auto reading = Clock::now();
    const auto tokens = dataset.samples(spec.seed, state.step() * windows + data.rank() * mine,
                                        mine, spec.model.sequence);
    state.add_seconds(std::chrono::duration<double>(Clock::now() - reading).count());
    const auto [metrics, finite] = state.update(tokens);
    if (!finite) {
      const char* what = std::isfinite(metrics.loss) ? "gradient norm" : "loss";
      listener(TrainingDiverged{fmt::format("{} is not finite at step {}", what, metrics.step)});
      return TrainingOutcome::Diverged;
    }
    listener(metrics);
    if (!evaluate_if_due(state, spec, dataset, segment.stops, listener)) {
      return TrainingOutcome::Diverged;
    }
    if (state.step() < segment.to &&
        agreed(Clock::now() - last_checkpoint >= segment.checkpoint_every, all)) {
      ask_for_checkpoint(state, listener);
      last_checkpoint = Clock::now();
    }
  }
  ask_for_checkpoint(state, listener);
  return TrainingOutcome::Reached;
}

}  // namespace isoloss
