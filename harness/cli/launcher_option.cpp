#include "harness/cli/launcher_option.h"

#include <string>

#include "harness/study/supervised.h"
#include "model/spec/error.h"
#include "sweeps/layout.h"
#include "sweeps/rank_limit.h"

namespace isoloss {

bool starts_ranks(const CommandLine& line) {
  if (line.given("launcher") && !line.has("ranks"))
    throw InputError(
        "--launcher is given without --ranks (it starts ranks, and none are asked for); give "
        "--ranks N, or leave it out");
  return line.has("ranks") && !is_supervised();
}

int ranks_asked(const CommandLine& line) {
  const int ranks = line.get<int>("ranks");
  if (ranks < 1)
    throw InputError("--ranks is " + std::to_string(ranks) +
                     " (somebody has to work); give 1 or more");
  if (launcher_asked(line) == Launcher::Mpirun && !ranks_may_go_elsewhere())
    check_ranks_fit(ranks, machine_memory());
  return ranks;
}

Launcher launcher_asked(const CommandLine& line) {
  const auto name = line.get<std::string>("launcher");
  if (name == "mpirun") return Launcher::Mpirun;
  if (name == "srun") return Launcher::Srun;
  throw InputError("--launcher is '" + name + "' (mpirun and srun start ranks); name one of them");
}

}  // namespace isoloss
