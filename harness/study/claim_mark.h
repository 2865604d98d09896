// What only a signal's handler is sure to be in time for, written into the claim of the run in
// training, where the next one to look finds it: which crash ends the process, and that it was told
// to stop. So a crash counts against its run under any launcher, and a process that was told to go
// and then killed does not, however long its thread that beats waits for a slow file system.
#pragma once
#include <cstddef>
#include <string>

namespace isoloss {

// Installs handlers for SIGSEGV, SIGBUS, SIGFPE, SIGILL and SIGABRT, which note the signal and then
// do what was done before (async-signal-safe). After MPI has begun, which installs its own.
void note_crashes();

// The signal that is ending this process; 0: none.
int crash_signal();

// While it lives a crash and a request to stop (ranks/stop_signal.h) are written into `file`, which
// holds `claim_text` (results/claim_file.h). One at a time: a later one takes the place of the
// first.
class ClaimMark {
 public:
  ClaimMark(int file, const std::string& claim_text);
  ~ClaimMark();
  ClaimMark(const ClaimMark&) = delete;
  ClaimMark& operator=(const ClaimMark&) = delete;

 private:
  int file_;
};

}  // namespace isoloss
