// Keeps what a run in training tells: events to the journal every few seconds; at each checkpoint
// the run file whole, then the checkpoint. All of it is written beside training, which waits for a
// copy in memory alone. Nothing is published once the claim on the run is lost. A watch for hangs
// is paused while this process writes, but not while it waits for what other ranks write.
#pragma once
#include <atomic>
#include <chrono>
#include <filesystem>
#include <memory>
#include <string>
#include <vector>

#include "harness/study/background_job.h"
#include "harness/study/claim.h"
#include "harness/study/run_restart.h"
#include "harness/study/stall_watch.h"
#include "harness/training/events.h"
#include "harness/training/training_state.h"
#include "results/journal.h"
#include "results/run_record.h"
#include "results/study_folder.h"

namespace isoloss {

class RunRecorder {
 public:
  // `state` is what checkpoints are made of, already at the restart's step.
  RunRecorder(const StudyFolder& folder, RunHeader header, RunRestart restart, TrainingState& state,
              const Claim& claim, StallWatch& watch);

  // What is being written is finished first.
  ~RunRecorder();
  RunRecorder(const RunRecorder&) = delete;
  RunRecorder& operator=(const RunRecorder&) = delete;

  // Listener of the training loop. WorkError where the disk is full, then or when this was written
  // that was told before.
  void record(const TrainingEvent& event);
  // Until all that was to be saved is on disk.
  void settle() { writing_.wait(); }

  // Where this item's checkpoints go.
  const std::filesystem::path& checkpoints() const { return restart_.checkpoints; }

  // The work item has reached its last step: the run file says so, and the journal, which it holds
  // now, goes.
  void finish();

 private:
  void append(const RunEvent& event);
  RunRecord whole_record(RunState state) const;
  bool store(RunState state);
  void answer(const CheckpointDue& due);
  void save(const std::filesystem::path& place);
  void diverged(const std::string& reason);
  void write_events(const std::vector<RunEvent>& events);

  StudyFolder folder_;
  RunRestart restart_;
  TrainingState& state_;
  const Claim& claim_;
  StallWatch& watch_;
  std::unique_ptr<JournalWriter> journal_;
  std::chrono::steady_clock::time_point flushed_;
  std::vector<RunEvent> unwritten_;  // not in the journal yet
  std::atomic<bool> ending_ = false;
  BackgroundJob writing_;  // last: it uses the others, the journal alone
};

}  // namespace isoloss
