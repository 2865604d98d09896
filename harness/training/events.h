// What training tells its listeners. The loop knows none of them: what stores, prints or schedules
// listens.
#pragma once
#include <filesystem>
#include <functional>
#include <string>
#include <variant>

#include "results/run_record.h"
#include "results/task_scores.h"

namespace isoloss {

// The state between two steps may be saved now: asked for every so often, when training stops on
// request and when it has reached its last step; told to the leading rank alone. Who listens calls
// `save_in` with the place of the checkpoint, or lets it pass: then it is asked again after the
// next step, unless this is the last time.
struct CheckpointDue {
  bool last = false;
  std::function<void(const std::filesystem::path&)> save_in;
};

// Every rank saves its part of the state in that place, as it is while the event is told.
struct CheckpointHere {
  std::filesystem::path place;
};

// Training cannot go on from here; the reason says where and why.
struct TrainingDiverged {
  std::string reason;
};

// A task card that could not be scored, and why; training goes on.
struct CardLeftOut {
  std::string why;
};

using TrainingEvent = std::variant<StepMetrics, Evaluation, Score, TaskScores, CardLeftOut,
                                   CheckpointDue, CheckpointHere, TrainingDiverged>;
using TrainingListener = std::function<void(const TrainingEvent&)>;

}  // namespace isoloss
