// Runs a study from its files: each process reads how far the folder is, takes decisions that are
// due, claims the next run, trains it, and looks again, until nothing is left. No process leads;
// the files say the same to all (docs/reliability.md).
#pragma once
#include <chrono>
#include <filesystem>
#include <optional>
#include <string>

#include "harness/study/job_watch.h"
#include "harness/study/stall_watch.h"
#include "harness/training/training_devices.h"
#include "sweeps/layout.h"
#include "sweeps/study.h"

namespace isoloss {

struct RunOptions {
  std::filesystem::path folder;              // the study folder
  std::string only;                          // pattern of restrict_plan; empty: all
  bool retry_failed = false;                 // forget failed attempts first
  std::optional<double> time_limit_seconds;  // instead of the study's
  TrainingDevices* devices = nullptr;        // that this program can train on; null: none
  StallLimits stall = {};                    // of a run that makes no progress
  std::chrono::milliseconds rank_silence = kRankSilence;  // of a rank of a job (job_watch.h)
  double machine_bytes = machine_memory();                // what a run may take (machine_room.h)
};

// Trains what is not done yet, as one rank of an MPI job where mpirun or srun started this process.
// Returns the exit status: 0 done, 1 some trial failed, 3 stopped early by a signal, the time limit
// or the folder's stop file with the state saved. InputError: the study's data or folder is bad;
// WorkError: the disk is full, or a device fails. The study's runs train on `devices` where
// run.device says so. In a job of several ranks such an error ends this process at once, which ends
// the job.
int run_study(const Study& study, const RunOptions& options);

}  // namespace isoloss
