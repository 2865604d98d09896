#include "tests/chaos/processes.h"

#include <fcntl.h>
#include <signal.h>
#include <spawn.h>
#include <sys/prctl.h>
#include <sys/wait.h>
#include <unistd.h>

#include <algorithm>
#include <charconv>
#include <cstring>
#include <fstream>
#include <iterator>
#include <optional>
#include <set>
#include <sstream>
#include <stdexcept>

extern char** environ;

namespace isoloss::chaos {

namespace fs = std::filesystem;

namespace {

// Empty where the process is gone, which may come between opening and reading.
std::string content_of(const fs::path& path) {
  std::ifstream file(path, std::ios::binary);
  try {
    return {std::istreambuf_iterator<char>(file), std::istreambuf_iterator<char>()};
  } catch (const std::ios_base::failure&) {
    return {};
  }
}

std::vector<std::string> arguments_of(const fs::path& process) {
  std::istringstream text(content_of(process / "cmdline"));
  std::vector<std::string> arguments;
  for (std::string argument; std::getline(text, argument, '\0');) arguments.push_back(argument);
  return arguments;
}

// Absent where it has ended, as a zombie has.
std::optional<Process> process_of(const fs::path& folder) {
  const std::string id = folder.filename().string();
  Process process;
  const auto parsed = std::from_chars(id.data(), id.data() + id.size(), process.id);
  if (parsed.ec != std::errc() || parsed.ptr != id.data() + id.size()) return std::nullopt;
  // PID (NAME) STATE PARENT ..; the name may hold anything.
  const std::string stat = content_of(folder / "stat");
  const std::size_t begin = stat.find('('), end = stat.rfind(')');
  if (begin == std::string::npos || end == std::string::npos) return std::nullopt;
  process.name = stat.substr(begin + 1, end - begin - 1);
  std::istringstream rest(stat.substr(end + 1));
  char state = 'Z';
  rest >> state >> process.parent;
  if (state == 'Z' || state == 'X') return std::nullopt;
  process.arguments = arguments_of(folder);
  return process;
}

}  // namespace

void adopt_orphans() { ::prctl(PR_SET_CHILD_SUBREAPER, 1); }

std::vector<Process> descendants() {
  std::vector<Process> all;
  std::error_code gone;
  for (const auto& entry : fs::directory_iterator("/proc", gone))
    if (auto process = process_of(entry.path())) all.push_back(std::move(*process));
  std::set<pid_t> ours = {::getpid()};
  for (std::size_t before = 0; before != ours.size();) {
    before = ours.size();
    for (const Process& process : all)
      if (ours.contains(process.parent)) ours.insert(process.id);
  }
  ours.erase(::getpid());
  std::erase_if(all, [&](const Process& process) { return !ours.contains(process.id); });
  return all;
}

std::map<pid_t, int> reap_ended() {
  std::map<pid_t, int> ended;
  int status = 0;
  for (pid_t child = 0; (child = ::waitpid(-1, &status, WNOHANG)) > 0;)
    ended[child] = WIFEXITED(status) ? WEXITSTATUS(status) : -WTERMSIG(status);
  return ended;
}

pid_t start(std::vector<std::string> command, const fs::path& log) {
  std::vector<char*> arguments;
  for (std::string& argument : command) arguments.push_back(argument.data());
  arguments.push_back(nullptr);
  posix_spawn_file_actions_t actions;
  posix_spawn_file_actions_init(&actions);
  posix_spawn_file_actions_addopen(&actions, STDIN_FILENO, "/dev/null", O_RDONLY, 0);
  posix_spawn_file_actions_addopen(&actions, STDOUT_FILENO, log.c_str(),
                                   O_WRONLY | O_CREAT | O_APPEND, 0644);
  posix_spawn_file_actions_adddup2(&actions, STDOUT_FILENO, STDERR_FILENO);
  pid_t child = 0;
  const int error =
      ::posix_spawnp(&child, arguments[0], &actions, nullptr, arguments.data(), environ);
  posix_spawn_file_actions_destroy(&actions);
  if (error != 0)
    throw std::runtime_error("cannot start " + command[0] + " (" + std::strerror(error) +
                             "); build it");
  return child;
}

void kill_all(const std::vector<Process>& processes) {
  for (const Process& process : processes) ::kill(process.id, SIGKILL);
  const auto living = [&](const Process& process) {
    return std::ranges::any_of(processes, [&](const Process& one) { return one.id == process.id; });
  };
  while (std::ranges::any_of(descendants(), living)) ::usleep(2'000);
}

}  // namespace isoloss::chaos
