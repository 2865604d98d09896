#include "harness/cli/eval_ranks.h"

#include <chrono>
#include <filesystem>
#include <string>
#include <thread>

#include "harness/child_processes.h"
#include "harness/cli/launcher_option.h"
#include "harness/stop_signal.h"
#include "harness/supervised.h"

namespace isoloss {

int eval_with_ranks(const CommandLine& line, Arguments arguments) {
  RankJob job{.command = {std::filesystem::read_symlink("/proc/self/exe").string(), "eval"},
              .ranks = ranks_asked(line),
              .threads = line.get<int>("threads"),
              .launcher = launcher_asked(line),
              .divides = true};
  job.command.insert(job.command.end(), arguments.begin(), arguments.end());
  const std::atomic<bool>& stop = stop_on_signals();
  ChildProcesses children(job, own_supervisor_name());
  while (children.running()) {
    if (stop) children.ask_to_stop();
    std::this_thread::sleep_for(std::chrono::milliseconds(stop ? 1000 : 50));
  }
  return children.status();
}

}  // namespace isoloss
