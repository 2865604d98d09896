#include "harness/ranks/stop_signal.h"

#include <signal.h>

#include <chrono>

namespace isoloss {
namespace {

constexpr auto kLookEvery = std::chrono::seconds(1);  // for the stop file
std::atomic<bool> stop_requested = false;
std::atomic<void (*)()> on_request = nullptr;
static_assert(std::atomic<bool>::is_always_lock_free &&
                  std::atomic<void (*)()>::is_always_lock_free,
              "a signal handler may touch them");

void note_request(int) {
  stop_requested = true;
  if (void (*const act)() = on_request) act();
}

void handle(int signal, void (*handler)(int), unsigned flags = 0) {
  struct sigaction action {};
  action.sa_handler = handler;
  sigemptyset(&action.sa_mask);
  action.sa_flags = SA_RESTART | static_cast<int>(flags);
  ::sigaction(signal, &action, nullptr);
}

}  // namespace

const std::atomic<bool>& stop_on_signals() {
  for (const int signal : {SIGTERM, SIGUSR1, SIGUSR2}) handle(signal, note_request);
  handle(SIGINT, note_request, SA_RESETHAND);
  return stop_requested;
}

void also_on_request(void (*act)()) { on_request = act; }

void hold_interrupts() { handle(SIGINT, note_request); }

void let_interrupts_end() {
  if (stop_requested)
    handle(SIGINT, SIG_DFL);
  else
    handle(SIGINT, note_request, SA_RESETHAND);
}

void request_stop() { stop_requested = true; }

const std::atomic<bool>& stop_signalled() { return stop_requested; }

std::function<bool()> stop_condition(const std::filesystem::path& stop_file,
                                     std::optional<double> limit_seconds) {
  using Clock = std::chrono::steady_clock;
  return [&signalled = stop_on_signals(), stop_file, limit_seconds, began = Clock::now(),
          looked = Clock::time_point{}, found = false]() mutable {
    const auto now = Clock::now();
    if (!found && now - looked >= kLookEvery) {
      std::error_code unseen;
      found = std::filesystem::exists(stop_file, unseen);
      looked = now;
    }
    return found || signalled ||
           (limit_seconds && std::chrono::duration<double>(now - began).count() >= *limit_seconds);
  };
}

}  // namespace isoloss
