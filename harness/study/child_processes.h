// The processes that a supervisor starts: one mpirun or srun, or plain copies of a rank where there
// is no mpirun.
#pragma once
#include <sys/types.h>

#include <string>
#include <vector>

namespace isoloss {

enum class Launcher { Mpirun, Srun };

struct RankJob {
  std::vector<std::string> command;  // of one rank
  int ranks = 1;
  int threads = 1;  // of each
  Launcher launcher = Launcher::Mpirun;
  bool divides = false;  // the ranks divide one work among them, which plain processes cannot
};

class ChildProcesses {
 public:
  // Starts the ranks, which learn the name of their supervisor. Without mpirun on the path they are
  // plain processes (claims keep them apart), which is said on standard error, unless the job
  // divides its work. WorkError where nothing can be started.
  ChildProcesses(const RankJob& job, const std::string& supervisor);
  ~ChildProcesses();  // kills and reaps what is left
  ChildProcesses(const ChildProcesses&) = delete;
  ChildProcesses& operator=(const ChildProcesses&) = delete;

  // Reaps those that have ended; true while one is left.
  bool running();
  // The largest exit status of those that were reaped; 1 of what a signal ended.
  int status() const { return status_; }
  // SIGUSR1 to all: mpirun and srun pass it on to their ranks at once, SIGTERM would make mpirun
  // kill them. Ranks that are not there yet miss it: ask again until none runs.
  void ask_to_stop() const;

 private:
  std::vector<pid_t> children_;
  int status_ = 0;
};

}  // namespace isoloss
