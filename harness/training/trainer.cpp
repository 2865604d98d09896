#include "harness/training/trainer.h"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <cmath>
#include <cstdint>
#include <exception>
#include <filesystem>
#include <iterator>
#include <optional>
#include <span>
#include <string>
#include <utility>
#include <vector>

#include "harness/ranks/block_exchange.h"
#include "harness/ranks/stop_signal.h"
#include "harness/scoring/one_shot.h"
#include "harness/scoring/study_cards.h"
#include "harness/training/divergence.h"
#include "harness/training/evaluation.h"
#include "model/spec/error.h"

namespace isoloss {
namespace {

using Clock = std::chrono::steady_clock;

// Every rank is told to save its part where the leading rank's listener says; false where that let
// it pass.
bool ask_for_checkpoint(const TrainingState& state, const TrainingListener& listener, bool last) {
  Communicator& all = state.ranks().all();
  // One whose part of the checkpoint before could not be written says so before anybody waits for
  // that part.
  exchange({}, failure_of([&] {
             if (!state.ranks().leads())
               listener(CheckpointDue{last, [](const std::filesystem::path&) {}});
           }),
           all);
  std::string place;
  const auto failure = failure_of([&] {
    if (state.ranks().leads())
      listener(CheckpointDue{last, [&](const std::filesystem::path& to) { place = to.string(); }});
  });
  std::array<std::uint64_t, 1> size = {failure ? 0 : place.size()};
  all.broadcast(std::as_writable_bytes(std::span(size)), 0);
  if (failure) std::rethrow_exception(failure);
  if (size[0] == 0) return false;
  place.resize(size[0]);
  all.broadcast(std::as_writable_bytes(std::span(place)), 0);
  listener(CheckpointHere{place});
  return true;
}

enum class Measured { Done, NotFinite, Stopped };

struct Measuring {
  TrainingState& state;
  const RunSpec& spec;
  const Dataset& dataset;
  const TrainingSegment& segment;
  const TrainingListener& listener;
  std::function<bool()> stop;

  std::vector<EvaluationStop> due(const std::vector<EvaluationStop>& stops) const {
    std::vector<EvaluationStop> here;
    std::ranges::copy_if(stops, std::back_inserter(here),
                         [&](const EvaluationStop& asked) { return asked.step == state.step(); });
    return here;
  }
  bool due_at(std::int64_t step) const {
    const auto asks = [step](const EvaluationStop& asked) { return asked.step == step; };
    return std::ranges::any_of(segment.stops, asks) ||
           std::ranges::any_of(segment.score_stops, asks);
  }
  double flops() const { return static_cast<double>(state.step()) * flops_per_step(spec); }
};

// Tells scores item by item, once for each trial that `due` names.
void tell_items(const Measuring& now, const std::vector<EvaluationStop>& due,
                std::vector<TaskScores>& tasks) {
  const std::string run = run_id(now.spec);
  for (TaskScores& scores : tasks) {
    scores.model = run;
    scores.step = now.state.step();
    scores.flops = now.flops();
    for (const EvaluationStop& asked : due) {
      scores.trial = trial_id(run, asked.budget, asked.unit);
      now.listener(scores);
    }
  }
}

// Tells what the study's cards score, for each trial that `due` names. Throws Stopped.
void tell_cards(const Measuring& now, const std::vector<EvaluationStop>& due) {
  if (now.segment.cards == nullptr || due.empty()) return;
  CardScores cards = score_cards(*now.segment.cards, now.state.model(), now.dataset,
                                 now.state.ranks().data(), now.stop);
  tell_items(now, due, cards.scores);
  for (std::string& why : cards.left_out) now.listener(CardLeftOut{std::move(why)});
}

// Evaluates where a stop asks for the state's step. Nobody hears of an evaluation until all of it
// is there, its scores too: one that was left is made anew. `between` names the trials that are
// scored here without an end.
Measured evaluate(const Measuring& now, const std::vector<EvaluationStop>& due,
                  const std::vector<EvaluationStop>& between) {
  TrainingState& state = now.state;
  const TokenLosses losses = [&state](std::span<const std::int32_t> tokens, std::int64_t length) {
    return state.token_losses(tokens, length);
  };
  auto evaluation = evaluate_held_out(losses, now.dataset.held_out(), state.ranks().data(),
                                      now.stop, state.computes_multiples_of());
  if (!evaluation) return Measured::Stopped;
  if (!std::isfinite(evaluation->loss) || !std::isfinite(evaluation->selection_loss)) {
    now.listener(
        TrainingDiverged{fmt::format("held-out loss is not finite at step {}", state.step())});
    return Measured::NotFinite;
  }
  // The model comes to the processor only where something is asked of it.
  const std::vector<std::string>& tasks = now.spec.evaluation.tasks;
  auto scores = tasks.empty() ? std::optional(OneShotScores())
                              : score_one_shot(state.model(), now.dataset, tasks, state.step(),
                                               state.ranks().data(), now.stop);
  if (!scores) return Measured::Stopped;
  tell_cards(now, due);
  tell_items(now, due, scores->rows);
  tell_items(now, between, scores->rows);
  evaluation->step = state.step();
  evaluation->tokens = static_cast<double>(state.step() * now.spec.optimizer.batch_tokens);
  evaluation->flops = now.flops();
  evaluation->seconds = state.seconds();
  evaluation->forward_seconds *= state.ranks().tensor().size();
  for (const EvaluationStop& asked : due) {
    evaluation->budget = asked.budget;
    evaluation->budget_unit = name_of(asked.unit);
    now.listener(*evaluation);
  }
  for (const Score& score : scores->scores) now.listener(score);
  return Measured::Done;
}

// Scores where no trial ends. The spec's own tasks are heard of last, so that what has them has the
// cards' too.
Measured score_between(const Measuring& now, const std::vector<EvaluationStop>& due) {
  auto scores = score_one_shot(now.state.model(), now.dataset, now.spec.evaluation.tasks,
                               now.state.step(), now.state.ranks().data(), now.stop);
  if (!scores) return Measured::Stopped;
  tell_cards(now, due);
  tell_items(now, due, scores->rows);
  for (const Score& score : scores->scores) now.listener(score);
  return Measured::Done;
}

// What is due at the state's step. An evaluation scores the spec's own tasks itself.
Measured measure_if_due(const Measuring& now) {
  try {
    const auto ends = now.due(now.segment.stops), between = now.due(now.segment.score_stops);
    if (ends.empty() && !between.empty()) return score_between(now, between);
    if (!ends.empty()) {
      const Measured measured = evaluate(now, ends, between);
      if (measured != Measured::Done) return measured;
    }
    tell_cards(now, between);
  } catch (const Stopped&) {
    return Measured::Stopped;
  }
  return Measured::Done;
}

// Tells of updates in their order and keeps their losses. Behind one by which the run diverges none
// is told: those under way there were put on a device before anybody knew.
struct Hearing {
  TrainingState& state;
  const RunSpec& spec;
  const TrainingListener& listener;
  LossHistory losses;
  bool finite = true;

  bool goes_on() const { return finite && !has_diverged(losses); }
  void hear(const TrainingState::Update& made) {
    finite = made.finite;
    if (finite) {
      listener(made.metrics);
      add_loss(losses, spec, made.metrics);
      return;
    }
    exchange({}, nullptr, state.ranks().all());  // one that failed gave no loss
    const char* what = std::isfinite(made.metrics.loss) ? "gradient norm" : "loss";
    listener(TrainingDiverged{fmt::format("{} is not finite at step {}", what, made.metrics.step)});
  }
  // All that are under way.
  void rest() {
    while (goes_on() && state.under_way() > 0) hear(state.next());
  }
};

// The run on this rank. Every collective operation stands right behind an exchange, or is one that
// a rank which failed takes part in.
class Steps {
 public:
  Steps(TrainingState& state, const RunSpec& spec, const Dataset& dataset,
        const TrainingSegment& segment, const TrainingListener& listener,
        const std::function<bool()>& stop)
      : state_(state),
        spec_(spec),
        dataset_(dataset),
        segment_(segment),
        listener_(listener),
        stop_(stop),
        measuring_{state,    spec,
                   dataset,  segment,
                   listener, [this] { return exchange({.stop = stop_()}, nullptr, all()).stop; }},
        hearing_{state, spec, listener, segment.losses_before} {}

  TrainingOutcome train() {
    all().broadcast(std::as_writable_bytes(std::span(&hearing_.losses, 1)), 0);
    Measured measured = measure_if_due(measuring_);
    while (measured == Measured::Done && hearing_.finite && begun() < segment_.to) {
      const auto asked = begin();
      if (asked.diverged) break;
      if (asked.stop) {
        hearing_.rest();
        if (hearing_.goes_on()) measured = Measured::Stopped;
        break;
      }
      if (measuring_.due_at(begun()) || begun() == segment_.to) hearing_.rest();
      if (!hearing_.finite) break;
      if (state_.under_way() == 0) measured = measure_if_due(measuring_);
      if (measured == Measured::Done && begun() < segment_.to && save_is_due()) save_between();
    }
    return ended(measured);
  }

 private:
  Communicator& all() const { return state_.ranks().all(); }
  // Updates that were made, and those under way.
  std::int64_t begun() const { return state_.step() + state_.under_way(); }

  // One more update, unless what the ranks say ends the run.
  Exchanged begin() {
    const Communicator& data = state_.ranks().data();
    const std::int64_t windows = spec_.optimizer.batch_tokens / spec_.model.sequence;
    const std::int64_t mine = windows / data.size();
    // Read before the exchange, so that a rank that fails in it comes to no step.
    const auto reading = Clock::now();
    const auto tokens = dataset_.samples(spec_.seed, begun() * windows + data.rank() * mine, mine,
                                         spec_.model.sequence);
    const std::chrono::duration<double> read = Clock::now() - reading;
    const Exchanged asked =
        exchange({.stop = stop_(), .diverged = has_diverged(hearing_.losses)}, nullptr, all());
    if (asked.diverged || asked.stop) return asked;
    state_.add_seconds(read.count());
    if (const auto made = state_.begin(tokens)) hearing_.hear(*made);
    return asked;
  }

  bool save_is_due() {
    const bool due = Clock::now() - last_checkpoint_ >= segment_.checkpoint_every;
    return exchange({.save = due}, nullptr, all()).save;
  }
  void save_between() {
    hearing_.rest();
    if (hearing_.goes_on() && save(false)) last_checkpoint_ = Clock::now();
  }
  bool save(bool last) {
    if (saved_ == state_.step()) return true;
    if (!ask_for_checkpoint(state_, listener_, last)) return false;
    saved_ = state_.step();
    return true;
  }

  TrainingOutcome ended(Measured measured) {
    if (!hearing_.finite || measured == Measured::NotFinite) return TrainingOutcome::Diverged;
    // Where an evaluation was left, who goes on makes it first.
    const bool over = measured == Measured::Done && has_diverged(hearing_.losses);
    if (exchange({.diverged = over}, nullptr, all()).diverged) {
      listener_(TrainingDiverged{divergence_reason(spec_, hearing_.losses, state_.step())});
      return TrainingOutcome::Diverged;
    }
    save(true);
    return measured == Measured::Stopped ? TrainingOutcome::Stopped : TrainingOutcome::Reached;
  }

  TrainingState& state_;
  const RunSpec& spec_;
  const Dataset& dataset_;
  const TrainingSegment& segment_;
  const TrainingListener& listener_;
  const std::function<bool()>& stop_;
  Measuring measuring_;
  Hearing hearing_;
  Clock::time_point last_checkpoint_ = Clock::now();
  std::int64_t saved_ = -1;  // a stop right after a checkpoint needs no other
};

}  // namespace

TrainingOutcome train(TrainingState& state, const RunSpec& spec, const Dataset& dataset,
                      const TrainingSegment& segment, const TrainingListener& listener,
                      const std::function<bool()>& stop) {
  TrainingOutcome outcome{};
  std::exception_ptr failure;
  try {
    outcome = Steps(state, spec, dataset, segment, listener, stop).train();
  } catch (const InputError&) {
    throw;
  } catch (const WorkError&) {
    throw;
  } catch (const SharedFailure&) {
    throw;
  } catch (const BrokenBlock&) {
    throw;
  } catch (const std::exception& problem) {
    // Ranks that share a model may wait inside of it.
    if (state.ranks().tensor().size() > 1) throw BrokenBlock(problem.what());
    failure = std::current_exception();
  }
  exchange({}, failure, state.ranks().all());
  return outcome;
}

}  // namespace isoloss
