// Training steps that processes take at once, timed: what one takes while others work beside it.
#pragma once
#include <functional>
#include <memory>
#include <optional>
#include <vector>

#include "harness/training/training_state.h"
#include "sweeps/run_spec.h"
#include "sweeps/step_times.h"

namespace isoloss {

// Makes the state that a process trains; called in that process alone.
using StateMaker = std::function<std::unique_ptr<TrainingState>(const RunSpec&)>;

// Of `processes` processes, forked from this one, of which each takes steps on random tokens for
// `seconds`, at least three, as many under way as in a run (TrainingState::begin()), once all have
// taken their first ones (which load libraries and record graphs). Absent where one of them ends
// before that: their memory does not suffice. WorkError where there can be no processes, or one
// ends later.
std::optional<MeasuredStep> steps_side_by_side(const RunSpec& spec, const StateMaker& maker,
                                               int processes, double seconds);

}  // namespace isoloss
