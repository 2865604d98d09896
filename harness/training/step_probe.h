// Takes a few training steps of every kind that a study has, on this machine, so that its time is
// predicted from steps and not from an assumed rate.
#pragma once
#include <cstddef>
#include <functional>

#include "harness/training/side_by_side.h"
#include "sweeps/device_packing.h"
#include "sweeps/plan.h"
#include "sweeps/step_times.h"

namespace isoloss {

struct ProbeConditions {
  int beside = 1;            // processes that take the steps at once, as a job's ranks do
  double memory_bytes = 0;   // that each may use
  double seconds = 1;        // of steps of each kind, a first one not counted
  double longest_step = 10;  // by prediction; kinds whose steps take longer are left out
};

// Of the runs that the plan expects, those kinds that `known` lacks. `told` hears how many of how
// many are done. Leaves out kinds that memory does not hold. The steps are on random tokens, by
// one rank alone, with the run's threads. WorkError where a process ends early.
StepTimes probe_steps(const StudyPlan& plan, const StepTimes& known,
                      const ProbeConditions& conditions,
                      const std::function<void(std::size_t done, std::size_t of)>& told);

// Of every kind of step that the plan expects, by 1, 2, 4, ... `most` processes at once on the
// device on which `maker` makes states, for `seconds` each. A kind is left out where so many do not
// fit.
PackedStepTimes probe_packing(const StudyPlan& plan, const StateMaker& maker, int most,
                              double seconds);

}  // namespace isoloss
