#include "harness/child_processes.h"

#include <fcntl.h>
#include <fmt/format.h>
#include <signal.h>
#include <spawn.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cerrno>
#include <cstdio>
#include <cstring>
#include <map>
#include <optional>
#include <string_view>

#include "harness/supervised.h"
#include "model/spec/error.h"

extern char** environ;

namespace isoloss {
namespace {

std::vector<std::string> child_environment(int threads) {
  std::map<std::string, std::string, std::less<>> variables;
  for (char** entry = environ; *entry != nullptr; ++entry) {
    const std::string_view text = *entry;
    const std::size_t sign = text.find('=');
    if (sign != std::string_view::npos)
      variables.emplace(text.substr(0, sign), text.substr(sign + 1));
  }
  const std::string yes(1, '1');
  variables.insert_or_assign(kSupervisedVariable, yes);
  variables.insert_or_assign("OMP_NUM_THREADS", fmt::format("{}", threads));
  variables.insert_or_assign("MKL_NUM_THREADS", fmt::format("{}", threads));
  if (::geteuid() == 0) {
    // Open MPI refuses to start as root (as in a container) unless told twice.
    variables.insert_or_assign("OMPI_ALLOW_RUN_AS_ROOT", yes);
    variables.insert_or_assign("OMPI_ALLOW_RUN_AS_ROOT_CONFIRM", yes);
  }
  std::vector<std::string> result;
  for (const auto& [name, value] : variables) result.push_back(fmt::format("{}={}", name, value));
  return result;
}

std::vector<char*> pointers(std::vector<std::string>& texts) {
  std::vector<char*> result;
  for (std::string& text : texts) result.push_back(text.data());
  result.push_back(nullptr);
  return result;
}

// A process group of its own: an interrupt typed at the terminal reaches the supervisor alone. No
// standard input: mpirun would read it. Absent where the program is not found.
std::optional<pid_t> spawn(std::vector<std::string> command, std::vector<std::string> environment) {
  posix_spawn_file_actions_t actions;
  posix_spawn_file_actions_init(&actions);
  posix_spawn_file_actions_addopen(&actions, STDIN_FILENO, "/dev/null", O_RDONLY, 0);
  posix_spawnattr_t attributes;
  posix_spawnattr_init(&attributes);
  posix_spawnattr_setflags(&attributes, POSIX_SPAWN_SETPGROUP);
  pid_t child = 0;
  const auto arguments = pointers(command);
  const auto variables = pointers(environment);
  const int error = ::posix_spawnp(&child, arguments[0], &actions, &attributes, arguments.data(),
                                   variables.data());
  posix_spawnattr_destroy(&attributes);
  posix_spawn_file_actions_destroy(&actions);
  if (error == 0) return child;
  if (error == ENOENT) return std::nullopt;
  throw WorkError(fmt::format("cannot start {} ({}); look at the machine's limits", command[0],
                              std::strerror(error)));
}

}  // namespace

ChildProcesses::ChildProcesses(const std::vector<std::string>& command, int ranks, int threads) {
  const auto environment = child_environment(threads);
  // A rank that waits gives its core to whoever has work, its own reducing thread first.
  std::vector<std::string> job = {"mpirun",
                                  "-n",
                                  fmt::format("{}", ranks),
                                  "--oversubscribe",
                                  "--bind-to",
                                  "none",
                                  "--mca",
                                  "mpi_yield_when_idle",
                                  "1"};
  job.insert(job.end(), command.begin(), command.end());
  if (const auto child = spawn(job, environment)) {
    children_.push_back(*child);
    return;
  }
  fmt::print(stderr, "isoloss: mpirun is not installed: starting {} plain processes\n", ranks);
  for (int rank = 0; rank < ranks; ++rank) {
    const auto child = spawn(command, environment);
    if (!child) throw WorkError(fmt::format("cannot start {} (not found)", command[0]));
    children_.push_back(*child);
  }
}

ChildProcesses::~ChildProcesses() {
  for (const pid_t child : children_) {
    ::kill(child, SIGTERM);
    ::waitpid(child, nullptr, 0);
  }
}

bool ChildProcesses::running() {
  std::erase_if(children_, [](pid_t child) { return ::waitpid(child, nullptr, WNOHANG) == child; });
  return !children_.empty();
}

void ChildProcesses::ask_to_stop() const {
  for (const pid_t child : children_) ::kill(child, SIGUSR1);
}

}  // namespace isoloss
