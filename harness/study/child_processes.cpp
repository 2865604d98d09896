#include "harness/study/child_processes.h"

#include <fcntl.h>
#include <fmt/format.h>
#include <signal.h>
#include <spawn.h>
#include <sys/wait.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <cstdio>
#include <cstring>
#include <map>
#include <optional>
#include <string_view>

#include "harness/study/supervised.h"
#include "model/spec/error.h"
#include "model/spec/tell.h"

extern char** environ;

namespace isoloss {
namespace {

std::vector<std::string> child_environment(int threads, const std::string& supervisor) {
  std::map<std::string, std::string, std::less<>> variables;
  for (char** entry = environ; *entry != nullptr; ++entry) {
    const std::string_view text = *entry;
    const std::size_t sign = text.find('=');
    if (sign != std::string_view::npos)
      variables.emplace(text.substr(0, sign), text.substr(sign + 1));
  }
  const std::string yes(1, '1');
  variables.insert_or_assign(kSupervisedVariable, supervisor);
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

std::vector<std::string> launch_command(const RankJob& job) {
  const std::string ranks = fmt::format("{}", job.ranks);
  std::vector<std::string> command;
  if (job.launcher == Launcher::Srun) {
    // A rank that fails ends the job: the others would wait for it.
    command = {"srun", "--ntasks=" + ranks, "--kill-on-bad-exit=1"};
  } else {
    // Ranks may outnumber cores: they yield where MPI itself waits, as a job starts, makes groups
    // and ends. Ranks on other machines get no variables but those that are named.
    command = {"mpirun",
               "-n",
               ranks,
               "--oversubscribe",
               "--bind-to",
               "none",
               "--mca",
               "mpi_yield_when_idle",
               "1",
               "-x",
               kSupervisedVariable,
               "-x",
               "OMP_NUM_THREADS",
               "-x",
               "MKL_NUM_THREADS"};
  }
  command.insert(command.end(), job.command.begin(), job.command.end());
  return command;
}

std::vector<char*> pointers(std::vector<std::string>& texts) {
  std::vector<char*> result;
  for (std::string& text : texts) result.push_back(text.data());
  result.push_back(nullptr);
  return result;
}

// A process group of its own: an interrupt typed at the terminal reaches the supervisor alone. No
// standard input: mpirun would read it. mpirun does not hear SIGTERM, upon which it kills its ranks
// after a second: Slurm sends it to every process of a job, and the ranks, for which mpirun
// unblocks it, are to have the time to save. Absent where the program is not found.
std::optional<pid_t> spawn(std::vector<std::string> command, std::vector<std::string> environment) {
  posix_spawn_file_actions_t actions;
  posix_spawn_file_actions_init(&actions);
  posix_spawn_file_actions_addopen(&actions, STDIN_FILENO, "/dev/null", O_RDONLY, 0);
  posix_spawnattr_t attributes;
  posix_spawnattr_init(&attributes);
  short flags = POSIX_SPAWN_SETPGROUP;
  if (command[0] == "mpirun") {
    sigset_t unheard;
    sigemptyset(&unheard);
    sigaddset(&unheard, SIGTERM);
    posix_spawnattr_setsigmask(&attributes, &unheard);
    flags |= POSIX_SPAWN_SETSIGMASK;
  }
  posix_spawnattr_setflags(&attributes, flags);
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

ChildProcesses::ChildProcesses(const RankJob& job, const std::string& supervisor) {
  const auto environment = child_environment(job.threads, supervisor);
  if (const auto child = spawn(launch_command(job), environment)) {
    children_.push_back(*child);
    return;
  }
  if (job.launcher == Launcher::Srun) {
    throw WorkError(
        "cannot start srun (not found); run this in a Slurm allocation, or leave --launcher out");
  }
  if (job.divides)
    throw WorkError("cannot start mpirun (not found); install Open MPI, or leave --ranks out");
  tell(fmt::format("mpirun is not installed: starting {} plain processes", job.ranks));
  for (int rank = 0; rank < job.ranks; ++rank) {
    const auto child = spawn(job.command, environment);
    if (!child) throw WorkError(fmt::format("cannot start {} (not found)", job.command[0]));
    children_.push_back(*child);
  }
}

ChildProcesses::~ChildProcesses() {
  for (const pid_t child : children_) {
    ::kill(child, SIGINT);  // mpirun hears it
    ::waitpid(child, nullptr, 0);
  }
}

bool ChildProcesses::running() {
  std::erase_if(children_, [this](pid_t child) {
    int status = 0;
    if (::waitpid(child, &status, WNOHANG) != child) return false;
    status_ = std::max(status_, WIFEXITED(status) ? WEXITSTATUS(status) : 1);
    return true;
  });
  return !children_.empty();
}

void ChildProcesses::ask_to_stop() const {
  for (const pid_t child : children_) ::kill(child, SIGUSR1);
}

}  // namespace isoloss
