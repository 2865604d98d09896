// The batch script of a study: the supervisor `isoloss run --ranks` in the background, USR1 sent by
// Slurm before the end (and TERM at preemption) passed on so that it saves its state, and a requeue
// when it says by exit status 3 that it stopped early.
#pragma once
#include <filesystem>
#include <string>

#include "slurm/site.h"
#include "sweeps/study.h"

namespace isoloss {

struct BatchJob {
  std::filesystem::path program = "isoloss";
  std::filesystem::path out;  // study folder
};

// The whole text. InputError where the site asks for nothing to run on, or for a value that would
// break a line of the script.
std::string batch_script(const Study& study, const Site& site, const BatchJob& job);

// "12:00:00" or "2-00:00:00", rounded up to whole seconds.
std::string slurm_time(double seconds);

}  // namespace isoloss
