// The processes that a supervisor starts: one mpirun, or plain copies of a rank where there is
// none.
#pragma once
#include <sys/types.h>

#include <string>
#include <vector>

namespace isoloss {

class ChildProcesses {
 public:
  // Starts `ranks` ranks of `command` with `threads` threads each. Without mpirun on the path they
  // are plain processes (claims keep them apart), which is said on standard error. WorkError where
  // nothing can be started.
  ChildProcesses(const std::vector<std::string>& command, int ranks, int threads);
  ~ChildProcesses();  // kills and reaps what is left
  ChildProcesses(const ChildProcesses&) = delete;
  ChildProcesses& operator=(const ChildProcesses&) = delete;

  // Reaps those that have ended; true while one is left.
  bool running();
  // SIGUSR1 to all: mpirun passes it on to its ranks at once, SIGTERM would make it kill them.
  void ask_to_stop() const;

 private:
  std::vector<pid_t> children_;
};

}  // namespace isoloss
