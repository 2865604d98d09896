#include "harness/study/claim_mark.h"

#include <signal.h>
#include <unistd.h>

#include <array>
#include <atomic>
#include <cerrno>
#include <string_view>
#include <thread>

#include "harness/ranks/stop_signal.h"
#include "results/claim_file.h"

namespace isoloss {
namespace {

constexpr std::array<int, 5> kCrashes = {SIGSEGV, SIGBUS, SIGFPE, SIGILL, SIGABRT};

std::atomic<int> crashed = 0;
std::atomic<int> marked_file = -1, marking = 0;
std::atomic<std::size_t> crash_place = 0, leave_place = 0;
std::array<struct sigaction, kCrashes.size()> before{};
static_assert(std::atomic<int>::is_always_lock_free &&
                  std::atomic<std::size_t>::is_always_lock_free,
              "a signal handler may touch them");

// What was interrupted may be about to read errno, and whoever closes the file waits (~ClaimMark).
void mark(std::string_view text, std::size_t place) {
  const int error = errno;
  ++marking;
  if (const int file = marked_file; file >= 0)
    (void)!::pwrite(file, text.data(), text.size(), static_cast<off_t>(place));
  --marking;
  errno = error;
}

void note_leaving() { mark(kLeavingMark, leave_place); }

void note_crash(int signal) {
  crashed = signal;
  std::array<char, kSignalDigits> digits{};
  int rest = signal;
  for (std::size_t i = digits.size(); i-- > 0; rest /= 10)
    digits[i] = rest > 0 ? static_cast<char>('0' + rest % 10) : ' ';
  mark({digits.data(), digits.size()}, crash_place);
  for (std::size_t i = 0; i < kCrashes.size(); ++i)
    if (kCrashes[i] == signal) ::sigaction(signal, &before[i], nullptr);
  // Blocked until this returns: then it is dealt with as it was before.
  ::raise(signal);
}

}  // namespace

void note_crashes() {
  struct sigaction action {};
  action.sa_handler = note_crash;
  sigemptyset(&action.sa_mask);
  // Where the stack is used up (ONSTACK) another must take over, if the thread has one.
  action.sa_flags = SA_ONSTACK;
  for (std::size_t i = 0; i < kCrashes.size(); ++i) {
    struct sigaction old {};
    ::sigaction(kCrashes[i], &action, &old);
    if (old.sa_handler != note_crash) before[i] = old;
  }
}

int crash_signal() { return crashed; }

ClaimMark::ClaimMark(int file, const std::string& claim_text) : file_(file) {
  marked_file = -1;
  crash_place = signal_place(claim_text);
  leave_place = leaving_place(claim_text);
  marked_file = file;
  also_on_request(note_leaving);
  if (stop_signalled()) note_leaving();
}

ClaimMark::~ClaimMark() {
  int own = file_;
  marked_file.compare_exchange_strong(own, -1);
  // Another thread's handler may hold the number of the file, which is closed next.
  while (marking > 0) std::this_thread::yield();
}

}  // namespace isoloss
