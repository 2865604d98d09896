#include "harness/cli/eval_ranks.h"

#include <fmt/format.h>
#include <unistd.h>

#include <chrono>
#include <cstdio>
#include <exception>
#include <filesystem>
#include <string>
#include <thread>

#include "harness/cli/launcher_option.h"
#include "harness/ranks/mpi_communicator.h"
#include "harness/ranks/stop_signal.h"
#include "harness/study/child_processes.h"
#include "harness/study/study_outcome.h"
#include "harness/study/supervised.h"
#include "model/spec/error.h"
#include "model/spec/tell.h"

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

int eval_as_rank(const std::function<int(Communicator&)>& work) {
  const auto ranks = make_communicator();
  const auto status_of_job = [&](int status) { return ranks->rank() == 0 ? status : kExitDone; };
  try {
    return status_of_job(work(*ranks));
  } catch (const Stopped&) {
    if (ranks->rank() == 0) tell("stopped; run it again to score the rest");
    return status_of_job(kExitStopped);
  } catch (const InputError& error) {
    if (ranks->size() == 1) throw;
    if (ranks->rank() == 0) tell(error.what());
    return status_of_job(kExitBadInput);
  } catch (const std::exception& error) {
    if (ranks->size() == 1) throw;
    tell(error.what());
    std::fflush(stderr);
    ::_exit(kExitFailed);
  }
}

}  // namespace isoloss
