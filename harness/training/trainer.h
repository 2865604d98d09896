// The training loop: steps of one run, evaluations where they are due, events to a listener. It
// knows no files and no clock but the training seconds. The ranks of one state run it together:
// each hears the same events, but for the question where to save, which the leading rank answers.
#pragma once
#include <chrono>
#include <cstdint>
#include <functional>
#include <vector>

#include "harness/data/dataset.h"
#include "harness/training/divergence.h"
#include "harness/training/events.h"
#include "harness/training/training_state.h"
#include "sweeps/plan.h"
#include "sweeps/run_spec.h"

namespace isoloss {

struct TaskSuite;

struct TrainingSegment {
  std::int64_t to = 0;                // last step
  std::vector<EvaluationStop> stops;  // by step; those before the state's are passed over
  std::chrono::milliseconds checkpoint_every{60'000};
  // Task cards that score every trial where it is evaluated; null: none.
  const TaskSuite* cards = nullptr;
  // Where they and the spec's own tasks score besides (sweeps/score_stops.h).
  std::vector<EvaluationStop> score_stops = {};
  // Of the run's steps before the state's; the leading rank's counts.
  LossHistory losses_before = {};
};

enum class TrainingOutcome { Reached, Stopped, Diverged };

// Trains `state` up to segment.to. Step s reads samples [s windows, (s + 1) windows) of the run's
// seed, windows = batch_tokens / sequence, in equal parts over data ranks. `stop` is asked before
// each step and each pass of an evaluation; the leading rank's answer counts. An evaluation that is
// left is not heard of, and the checkpoint of its step is asked for: who goes on from there begins
// with it. A run diverges where a loss or gradient norm is not finite, which leaves the state
// before that step, or by the rule of divergence.h, after what is measured at its last step. What a
// rank of several throws of this run alone is a SharedFailure on all of them; where the others wait
// inside the step, as ranks that share a model may, it is a BrokenBlock on that one.
TrainingOutcome train(TrainingState& state, const RunSpec& spec, const Dataset& dataset,
                      const TrainingSegment& segment, const TrainingListener& listener,
                      const std::function<bool()>& stop);

}  // namespace isoloss
