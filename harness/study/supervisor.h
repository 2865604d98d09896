// `--ranks N`: starts the ranks of a study as an MPI job, starts them again from the files after a
// death, and turns requests to stop into a signal that the ranks get. It calls no MPI itself, and
// its verdict comes from the files, never from mpirun's exit status.
#pragma once
#include "harness/study/child_processes.h"
#include "harness/study/study_loop.h"
#include "sweeps/study.h"

namespace isoloss {

// Each rank's command is a program that calls run_study on the same study and folder, with the same
// `only`, and its arguments; its threads are the study's. Returns the exit status as run_study
// does; InputError and WorkError as run_study, those of the ranks among them.
int supervise_study(const Study& study, const RunOptions& options, RankJob job);

}  // namespace isoloss
