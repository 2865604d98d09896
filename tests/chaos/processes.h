// The processes that one command starts, however far they drift: this process is the subreaper of
// its descendants, so those whose parents were killed are still found, and ended, by number.
#pragma once
#include <sys/types.h>

#include <filesystem>
#include <map>
#include <string>
#include <vector>

namespace isoloss::chaos {

struct Process {
  pid_t id = 0;
  pid_t parent = 0;
  std::string name;                    // of its program
  std::vector<std::string> arguments;  // its command line
};

// From now on orphans among the descendants become this process's children.
void adopt_orphans();
// All living descendants.
std::vector<Process> descendants();
// Children that have ended since the last call, orphans among them: the exit status of each, or
// minus the signal that ended it.
std::map<pid_t, int> reap_ended();

// Starts a program, its output appended to `log`. Throws std::runtime_error where it cannot.
pid_t start(std::vector<std::string> command, const std::filesystem::path& log);
// Kills all of them by SIGKILL and waits until they are gone.
void kill_all(const std::vector<Process>& processes);

}  // namespace isoloss::chaos
