// What the files say of one run, in the words of the scheduler (sweeps/schedule.h).
#pragma once
#include <algorithm>
#include <cstdint>
#include <iterator>
#include <string>

#include "results/checkpoint_names.h"
#include "results/decision.h"
#include "results/run_record.h"
#include "results/study_folder.h"
#include "sweeps/schedule.h"

namespace isoloss {

// `record` may be null where nothing is stored yet.
inline RunProgress run_progress(const StudyFolder& folder, const std::string& id,
                                const RunRecord* record) {
  RunProgress progress;
  progress.id = id;
  const auto checkpoints = checkpoint_steps(folder.run(id));
  progress.checkpoint_step = checkpoints.empty() ? 0 : checkpoints.back();
  const auto kept = checkpoint_steps(folder.run(id), kKeptSuffix);
  std::ranges::set_union(checkpoints, kept, std::back_inserter(progress.checkpoints));
  const auto attempts = read_attempts(folder, id);
  progress.failed_attempts = static_cast<int>(attempts.size());
  if (!attempts.empty()) progress.reason = attempts.back().reason;
  if (record == nullptr) return progress;
  progress.unfinished = record->state == RunState::Running;
  for (const Evaluation& evaluation : record->evaluations) {
    progress.selection_losses[evaluation.step] = evaluation.selection_loss;
    // What a finished item stored is done, though its checkpoint may have been removed: going on
    // from there then trains the steps before it again. Of an item that is not finished the
    // checkpoint is still to come.
    if (!progress.unfinished)
      progress.checkpoint_step = std::max(progress.checkpoint_step, evaluation.step);
  }
  progress.diverged = record->state == RunState::Diverged;
  if (progress.diverged) progress.reason = record->reason;
  return progress;
}

// Of a run whose files cannot be used.
inline RunProgress unusable_run(const std::string& id, const std::string& problem) {
  RunProgress progress;
  progress.id = id;
  progress.unusable = true;
  progress.reason = problem;
  return progress;
}

inline SearchDecision search_decision(const Decision& stored) {
  SearchDecision decision{.key = stored.key,
                          .architecture = stored.architecture,
                          .size = stored.size,
                          .every_size = stored.every_size,
                          .budget = stored.budget,
                          .this_budget_only = stored.this_budget_only,
                          .arms = {},
                          .winner = stored.winner,
                          .learning_rate = stored.learning_rate,
                          .runner_up = stored.runner_up,
                          .at_edge = stored.at_edge};
  for (const DecisionArm& arm : stored.arms) {
    decision.arms.push_back({arm.run, arm.learning_rate, arm.selection_loss, arm.diverged});
  }
  return decision;
}

inline Decision stored_decision(const SearchDecision& decided) {
  Decision decision{.key = decided.key,
                    .architecture = decided.architecture,
                    .size = decided.size,
                    .every_size = decided.every_size,
                    .budget = decided.budget,
                    .this_budget_only = decided.this_budget_only,
                    .arms = {},
                    .winner = decided.winner,
                    .learning_rate = decided.learning_rate,
                    .runner_up = decided.runner_up,
                    .at_edge = decided.at_edge};
  for (const SearchArm& arm : decided.arms) {
    decision.arms.push_back({arm.run, arm.learning_rate, arm.selection_loss, arm.diverged});
  }
  return decision;
}

}  // namespace isoloss
