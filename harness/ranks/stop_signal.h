// Requests to stop from outside: SIGTERM, SIGINT, SIGUSR1 and SIGUSR2, the time limit, and a file
// that somebody made in the study folder. Everything that takes long asks: each step, each pass of
// an evaluation, the preparation of data, and before and after a checkpoint is read.
#pragma once
#include <atomic>
#include <filesystem>
#include <functional>
#include <optional>

namespace isoloss {

// Installs the handlers (async-signal-safe: they set the flag and do what also_on_request says) and
// returns the flag. A second SIGINT ends the process as usual.
const std::atomic<bool>& stop_on_signals();
// What the handlers do too, so it has to be async-signal-safe. One for the process.
void also_on_request(void (*act)());
// For a process that passes requests on: from here on no SIGINT ends it, so that it cannot leave
// before it has told others; then let_interrupts_end() makes one that follows a request do so
// again.
void hold_interrupts();
void let_interrupts_end();
// As a signal would, from within: for a process that is about to leave.
void request_stop();
// The flag alone; never set where no handlers are installed and nobody calls request_stop().
const std::atomic<bool>& stop_signalled();

// Whether a signal came, `limit_seconds` have passed since this call, or `stop_file` was seen, for
// which it looks once a second. Not for several threads at once.
std::function<bool()> stop_condition(const std::filesystem::path& stop_file,
                                     std::optional<double> limit_seconds);

// Work that was left because of a request to stop; nothing is half done.
struct Stopped {};

}  // namespace isoloss
