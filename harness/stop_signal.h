// Requests to stop from outside: SIGTERM, SIGINT, SIGUSR1 and SIGUSR2 set a flag that the training
// loop reads at each step.
#pragma once
#include <atomic>
#include <functional>
#include <optional>

namespace isoloss {

// Installs the handlers (async-signal-safe: they only set the flag) and returns the flag. A second
// SIGINT ends the process as usual.
const std::atomic<bool>& stop_on_signals();

// What the training loop asks before each step: whether a signal came, or `limit_seconds` have
// passed since this call.
std::function<bool()> stop_condition(std::optional<double> limit_seconds);

}  // namespace isoloss
