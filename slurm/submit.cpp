#include "slurm/submit.h"

#include <fcntl.h>
#include <spawn.h>
#include <sys/wait.h>
#include <unistd.h>

#include <array>
#include <cerrno>
#include <csignal>
#include <cstdlib>
#include <cstring>

#include "model/spec/error.h"

extern char** environ;

namespace isoloss {
namespace {

struct Pipe {
  int read_end = -1;
  int write_end = -1;

  Pipe() {
    std::array<int, 2> ends{};
    if (pipe2(ends.data(), O_CLOEXEC) != 0)
      throw WorkError(std::string("submit: no pipe (") + std::strerror(errno) +
                      "); close programs and try again");
    read_end = ends[0];
    write_end = ends[1];
  }
  ~Pipe() {
    close_end(read_end);
    close_end(write_end);
  }
  Pipe(const Pipe&) = delete;
  Pipe& operator=(const Pipe&) = delete;
  static void close_end(int& end) {
    if (end >= 0) close(end);
    end = -1;
  }
};

pid_t start_sbatch(const Pipe& to_child, const Pipe& from_child) {
  posix_spawn_file_actions_t actions;
  posix_spawn_file_actions_init(&actions);
  posix_spawn_file_actions_adddup2(&actions, to_child.read_end, STDIN_FILENO);
  posix_spawn_file_actions_adddup2(&actions, from_child.write_end, STDOUT_FILENO);
  std::string program = "sbatch";
  std::string option = "--parsable";
  std::array<char*, 3> arguments = {program.data(), option.data(), nullptr};
  pid_t child = 0;
  const int code = posix_spawnp(&child, "sbatch", &actions, nullptr, arguments.data(), environ);
  posix_spawn_file_actions_destroy(&actions);
  if (code != 0)
    throw WorkError(std::string("submit: cannot start sbatch (") + std::strerror(code) +
                    "); run this on a login node of the cluster, or use --dry-run to see the "
                    "script");
  return child;
}

// A refusing sbatch may close its input: that must not end this program.
class IgnoreBrokenPipe {
 public:
  IgnoreBrokenPipe() : before_(std::signal(SIGPIPE, SIG_IGN)) {}
  ~IgnoreBrokenPipe() { std::signal(SIGPIPE, before_); }
  IgnoreBrokenPipe(const IgnoreBrokenPipe&) = delete;
  IgnoreBrokenPipe& operator=(const IgnoreBrokenPipe&) = delete;

 private:
  void (*before_)(int);
};

}  // namespace

std::string submit_script(const std::string& script) {
  const IgnoreBrokenPipe ignore;
  Pipe to_child;
  Pipe from_child;
  const pid_t child = start_sbatch(to_child, from_child);
  Pipe::close_end(to_child.read_end);
  Pipe::close_end(from_child.write_end);
  for (std::size_t done = 0; done < script.size();) {
    const ssize_t wrote = write(to_child.write_end, script.data() + done, script.size() - done);
    if (wrote < 0 && errno == EINTR) continue;
    if (wrote < 0) break;
    done += static_cast<std::size_t>(wrote);
  }
  Pipe::close_end(to_child.write_end);
  std::string answer;
  std::array<char, 4096> block{};
  while (true) {
    const ssize_t got = read(from_child.read_end, block.data(), block.size());
    if (got < 0 && errno == EINTR) continue;
    if (got <= 0) break;
    answer.append(block.data(), static_cast<std::size_t>(got));
  }
  int status = 0;
  while (waitpid(child, &status, 0) < 0 && errno == EINTR) {
  }
  if (!WIFEXITED(status) || WEXITSTATUS(status) != 0)
    throw WorkError(
        "submit: sbatch refused the script (its own message stands above); mend the options, or "
        "use --dry-run to see the script");
  // "JOB" or "JOB;CLUSTER".
  return answer.substr(0, answer.find_first_of(";\n"));
}

}  // namespace isoloss
