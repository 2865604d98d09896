// Requests to stop from outside: SIGTERM, SIGINT, SIGUSR1 and SIGUSR2 set a flag that the training
// loop reads at each step.
#pragma once
#include <atomic>

namespace isoloss {

// Installs the handlers (async-signal-safe: they only set the flag) and returns the flag. A second
// SIGINT ends the process as usual.
const std::atomic<bool>& stop_on_signals();

}  // namespace isoloss
