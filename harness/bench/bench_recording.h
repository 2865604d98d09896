// What keeping a run's metrics and checkpoints costs its training: the loop of a study on one rank,
// with its recorder and its files, on a made language.
#pragma once
#include <cstdint>
#include <filesystem>

#include "sweeps/run_spec.h"

namespace isoloss {

struct RecordingCost {
  std::int64_t parameters = 0, steps = 0;
  double step_seconds = 0;     // of training, the mean
  double metrics_seconds = 0;  // that a step's metrics take of the thread that trains, the mean
  double journal_seconds = 0;  // that they take beside it: encoded, written and synced every 5 s
  int checkpoints = 0;
  double checkpoint_bytes = 0;
  double pause_seconds = 0;    // of training for a checkpoint, the longest
  double written_seconds = 0;  // from there until it is on disk, the longest

  // Of a step's time that its metrics take, beside training too.
  double metrics_share() const { return (metrics_seconds + journal_seconds) / step_seconds; }
};

// Trains for about so many seconds, a checkpoint every tenth of them, in a study folder that is not
// there yet. While a checkpoint is written training waits, so that both times are the checkpoint's
// alone. WorkError where the folder cannot be written.
RecordingCost measure_recording(const RunSpec& spec, const std::filesystem::path& folder,
                                double seconds);

}  // namespace isoloss
