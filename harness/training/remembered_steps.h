// Times of steps that were measured earlier, kept in the user's cache for this machine and this
// build: another processor, number of cores or code has others, and so has another number of
// processes that take steps at once, which share caches, memory and clock.
#pragma once
#include <filesystem>

#include "sweeps/step_times.h"

namespace isoloss {

// How many of a machine's ranks, of so many threads each, have cores of their own: so many take
// their steps at once.
int steps_at_once(int ranks, int threads);

// $XDG_CACHE_HOME/isoloss/steps/ (or ~/.cache/...), a file a machine, build and number of steps at
// once; empty where the environment names no place.
std::filesystem::path remembered_steps_file(int at_once);

// What is there; nothing where the file is missing, unreadable or not what remember_steps wrote.
StepTimes remembered_steps(int at_once);

// Adds to what is there. WorkError where it cannot be written.
void remember_steps(const StepTimes& times, int at_once);

}  // namespace isoloss
