// Times of steps that were measured earlier, kept in the user's cache for this machine and this
// build: another processor, number of cores or code has others.
#pragma once
#include <filesystem>

#include "sweeps/step_times.h"

namespace isoloss {

// $XDG_CACHE_HOME/isoloss/steps/ (or ~/.cache/...), a file a machine and build; empty where the
// environment names no place.
std::filesystem::path remembered_steps_file();

// What is there; nothing where the file is missing or is not what remember_steps wrote.
StepTimes remembered_steps();

// Adds to what is there. WorkError where it cannot be written.
void remember_steps(const StepTimes& times);

}  // namespace isoloss
