// Keeps what a run in training tells: events to the journal at once; at each checkpoint the run
// file whole, then the checkpoint. Nothing is published once the claim on the run is lost.
#pragma once
#include <chrono>
#include <memory>
#include <string>

#include "harness/claim.h"
#include "harness/events.h"
#include "harness/run_restart.h"
#include "harness/training_state.h"
#include "results/journal.h"
#include "results/run_record.h"
#include "results/study_folder.h"

namespace isoloss {

class RunRecorder {
 public:
  // `state` is what checkpoints are made of, already at the restart's step.
  RunRecorder(const StudyFolder& folder, RunHeader header, RunRestart restart, TrainingState& state,
              const Claim& claim);

  // Listener of the training loop. WorkError where the disk is full.
  void record(const TrainingEvent& event);

  // Where this item's checkpoints go.
  const std::filesystem::path& checkpoints() const { return restart_.checkpoints; }

  // The work item has reached its last step: the run file says so, and the journal, which it holds
  // now, goes.
  void finish();

 private:
  void append(const RunEvent& event);
  bool store(RunState state);
  void save(const CheckpointDue& due);
  void diverged(const std::string& reason);

  StudyFolder folder_;
  RunRestart restart_;
  TrainingState& state_;
  const Claim& claim_;
  std::unique_ptr<JournalWriter> journal_;
  std::chrono::steady_clock::time_point flushed_;
};

}  // namespace isoloss
