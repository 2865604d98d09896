#include "harness/trainer.h"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <cmath>
#include <cstdint>
#include <filesystem>
#include <span>
#include <string>

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

// Every rank is told to save its part where the leading rank's listener says; false where that let
// it pass.
bool ask_for_checkpoint(const TrainingState& state, const TrainingListener& listener, bool last) {
  Communicator& all = state.ranks().all();
  std::string place;
  if (state.ranks().leads())
    listener(CheckpointDue{last, [&](const std::filesystem::path& to) { place = to.string(); }});
  std::array<std::uint64_t, 1> size = {place.size()};
  all.broadcast(std::as_writable_bytes(std::span(size)), 0);
  if (size[0] == 0) return false;
  place.resize(size[0]);
  all.broadcast(std::as_writable_bytes(std::span(place)), 0);
  listener(CheckpointHere{place});
  return true;
}

enum class Measured { Done, NotFinite, Stopped };

// Evaluates where a stop asks for the state's step. Nobody hears of an evaluation until all of it
// is there, its scores too: one that was left is made anew.
Measured evaluate_if_due(const TrainingState& state, const RunSpec& spec, const Dataset& dataset,
                         const std::vector<EvaluationStop>& stops, const TrainingListener& listener,
                         const std::function<bool()>& stop) {
  const auto due = [&](const EvaluationStop& asked) { return asked.step == state.step(); };
  if (std::ranges::none_of(stops, due)) return Measured::Done;
  auto evaluation =
      evaluate_held_out(state.model(), dataset.held_out(), state.ranks().data(), stop);
  if (!evaluation) return Measured::Stopped;
  if (!std::isfinite(evaluation->loss) || !std::isfinite(evaluation->selection_loss)) {
    listener(TrainingDiverged{fmt::format("held-out loss is not finite at step {}", state.step())});
    return Measured::NotFinite;
  }
  const auto scores =
      score_one_shot(state.model(), dataset, spec.evaluation.tasks, state.step(), stop);
  if (!scores) return Measured::Stopped;
  evaluation->step = state.step();
  evaluation->tokens = static_cast<double>(state.step() * spec.optimizer.batch_tokens);
  evaluation->flops = static_cast<double>(state.step()) * flops_per_step(spec);
  evaluation->seconds = state.seconds();
  for (const EvaluationStop& asked : stops) {
    if (!due(asked)) continue;
    evaluation->budget = asked.budget;
    evaluation->budget_unit = name_of(asked.unit);
    listener(*evaluation);
  }
  for (const Score& score : *scores) listener(score);
  return Measured::Done;
}

}  // namespace

TrainingOutcome train(TrainingState& state, const RunSpec& spec, const Dataset& dataset,
                      const TrainingSegment& segment, const TrainingListener& listener,
                      const std::function<bool()>& stop) {
  Communicator &all = state.ranks().all(), &data = state.ranks().data();
  const std::int64_t windows = spec.optimizer.batch_tokens / spec.model.sequence;
  const std::int64_t mine = windows / data.size();
  const auto asked_to_stop = [&] { return agreed(stop(), all); };
  std::int64_t saved = -1;  // the step of the last checkpoint: a stop right after it needs no other
  const auto save = [&](bool last) {
    if (saved == state.step()) return true;
    if (!ask_for_checkpoint(state, listener, last)) return false;
    saved = state.step();
    return true;
  };
  const auto measure = [&] {
    return evaluate_if_due(state, spec, dataset, segment.stops, listener, asked_to_stop);
  };
  auto last_checkpoint = Clock::now();
  Measured measured = measure();
  while (measured == Measured::Done && state.step() < segment.to) {
    if (asked_to_stop()) {
      measured = Measured::Stopped;
      break;
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
    measured = measure();
    if (measured == Measured::Done && state.step() < segment.to &&
        agreed(Clock::now() - last_checkpoint >= segment.checkpoint_every, all) && save(false))
      last_checkpoint = Clock::now();
  }
  if (measured == Measured::NotFinite) return TrainingOutcome::Diverged;
  save(true);
  return measured == Measured::Stopped ? TrainingOutcome::Stopped : TrainingOutcome::Reached;
}

}  // namespace isoloss
