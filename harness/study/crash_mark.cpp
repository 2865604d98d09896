#include "harness/study/crash_mark.h"

#include <signal.h>
#include <unistd.h>

#include <array>
#include <atomic>

#include "results/claim_file.h"

namespace isoloss {
namespace {

constexpr std::array<int, 5> kCrashes = {SIGSEGV, SIGBUS, SIGFPE, SIGILL, SIGABRT};

std::atomic<int> crashed = 0;
std::atomic<int> marked_file = -1;
std::atomic<std::size_t> marked_place = 0;
std::array<struct sigaction, kCrashes.size()> before{};
static_assert(std::atomic<int>::is_always_lock_free &&
                  std::atomic<std::size_t>::is_always_lock_free,
              "a signal handler may touch them");

void note_crash(int signal) {
  crashed = signal;
  std::array<char, kSignalDigits> digits{};
  int rest = signal;
  for (std::size_t i = digits.size(); i-- > 0; rest /= 10)
    digits[i] = rest > 0 ? static_cast<char>('0' + rest % 10) : ' ';
  if (const int file = marked_file; file >= 0)
    (void)!::pwrite(file, digits.data(), digits.size(), static_cast<off_t>(marked_place.load()));
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

CrashMark::CrashMark(int file, std::size_t place) : file_(file) {
  marked_file = -1;
  marked_place = place;
  marked_file = file;
}

CrashMark::~CrashMark() {
  int own = file_;
  marked_file.compare_exchange_strong(own, -1);
}

}  // namespace isoloss
