// A crash says so itself: the handler of its signal writes which it was into the claim of the run
// in training, where the next one to look finds it. So a crash counts against its run under any
// launcher, while a process that was killed may just have been preempted.
#pragma once
#include <cstddef>

namespace isoloss {

// Installs handlers for SIGSEGV, SIGBUS, SIGFPE, SIGILL and SIGABRT, which note the signal and then
// do what was done before (async-signal-safe). After MPI has begun, which installs its own.
void note_crashes();

// The signal that is ending this process; 0: none.
int crash_signal();

// While it lives a crash is written into `file` at `place`, right-aligned in kSignalDigits
// characters (results/claim_file.h). One at a time: a later one takes the place of the first.
class CrashMark {
 public:
  CrashMark(int file, std::size_t place);
  ~CrashMark();
  CrashMark(const CrashMark&) = delete;
  CrashMark& operator=(const CrashMark&) = delete;

 private:
  int file_;
};

}  // namespace isoloss
