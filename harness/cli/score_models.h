// Scores models on the tasks of a suite, the items divided over the ranks of a job: what `isoloss
// eval` does once it knows what is asked for.
#pragma once
#include <functional>
#include <optional>

#include "harness/cli/eval_request.h"
#include "model/parallel/communicator.h"

namespace isoloss {

// The ranks that score together, of which the first speaks and stores.
struct EvalScoring {
  Communicator& ranks;
  std::function<bool()> stop;
  const TaskSuite& suite;
  EvaluationOptions options;
  ScoresPlace place;
  std::function<void(const TaskScores&)> show;

  bool leads() const { return ranks.rank() == 0; }
};

// Every task of one model; returns how many could not be scored, which is told on standard error.
// What is stored already of the same weights by the same card, data and options is shown, not
// scored again; the rest is stored and shown. InputError, before anything is scored, where a file
// outside of a study holds another model's scores; where the model cannot be loaded, its newest
// checkpoint is not the trial's, or the task data are of another tokenizer; Stopped where `stop`
// said yes. Collective.
int score_candidate(const EvalScoring& scoring, const EvalCandidate& candidate,
                    const std::optional<TaskDataFile>& data);

}  // namespace isoloss
