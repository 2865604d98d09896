// The batch script of a study: the supervisor `isoloss run --ranks` in the background, the signal
// that Slurm sends before the end (and TERM at preemption) passed on so that it saves its state,
// and another start when it says by exit status 3 that it stopped early.
#pragma once
#include <cstdint>
#include <filesystem>
#include <string>

#include "slurm/site.h"
#include "sweeps/study.h"

namespace isoloss {

struct BatchJob {
  std::filesystem::path program = "isoloss";
  std::filesystem::path out;     // study folder
  std::filesystem::path stop;    // who finds this file does not start again
  std::int64_t allocations = 1;  // jobs of an array that share the study folder
};

// The whole text. InputError where check_site refuses the site, or there is no allocation.
std::string batch_script(const Study& study, const Site& site, const BatchJob& job);

// "12:00:00" or "2-00:00:00", rounded up to whole seconds.
std::string slurm_time(double seconds);

}  // namespace isoloss
