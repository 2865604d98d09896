// What training tells its listeners. The loop knows none of them: what stores, prints or schedules
// listens.
#pragma once
#include <functional>
#include <string>
#include <variant>

#include "harness/state_tensors.h"
#include "results/run_record.h"

namespace isoloss {

// The state between two steps may be saved now: asked for every so often, when training stops on
// request and when it has reached its last step. `give_tensors` hands over the tensors of the state
// one by one, and may be called once, while the event is told.
struct CheckpointDue {
  std::function<void(const TensorSink&)> give_tensors;
};

// Training cannot go on from here; the reason says where and why.
struct TrainingDiverged {
  std::string reason;
};

using TrainingEvent = std::variant<StepMetrics, Evaluation, Score, CheckpointDue, TrainingDiverged>;
using TrainingListener = std::function<void(const TrainingEvent&)>;

}  // namespace isoloss
