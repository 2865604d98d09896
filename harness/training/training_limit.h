// For how long a job may train: what it was asked, or less where Slurm says that the allocation
// ends before that.
#pragma once
#include <chrono>
#include <optional>

namespace isoloss {

// Seconds from `now` until a job stops to save before its allocation ends at `end`, seconds since
// the epoch as SLURM_JOB_END_TIME has them: a minute before, or a tenth of what is left where that
// is less. Absent where `end` is null, no number or not ahead: then the clock of this machine is
// not Slurm's, and says nothing.
std::optional<double> seconds_in_allocation(const char* end,
                                            std::chrono::system_clock::time_point now);

// The shorter of `asked` and what this process's SLURM_JOB_END_TIME leaves now. Read once, as
// training begins, and counted by the monotonic clock (stop_signal.h): a clock that is set later
// moves nothing.
std::optional<double> training_limit(std::optional<double> asked);

}  // namespace isoloss
