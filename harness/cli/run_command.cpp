// `isoloss run`: trains what is not done yet; alone, under mpirun or srun, or with --ranks as the
// supervisor of both.
#include <fmt/format.h>

#include <filesystem>
#include <memory>

#include "harness/cli/command_line.h"
#include "harness/cli/commands.h"
#include "harness/cli/launcher_option.h"
#include "harness/cli/study_paths.h"
#include "harness/study/study_loop.h"
#include "harness/study/supervisor.h"
#include "model/spec/error.h"
#include "sweeps/study.h"
#ifdef ISOLOSS_CUDA
#include "harness/on_device/cuda_devices.h"
#endif

namespace isoloss {
namespace {

// What one rank of the supervised job runs: this program on the same study and folder.
std::vector<std::string> rank_command(const Study& study, const RunOptions& options) {
  std::vector<std::string> command = {std::filesystem::read_symlink("/proc/self/exe").string(),
                                      "run", study.file.string(), "--out", options.folder.string()};
  if (!options.only.empty()) command.insert(command.end(), {"--only", options.only});
  return command;
}

}  // namespace

int run_command(Arguments arguments) {
  namespace po = boost::program_options;
  CommandLine line(
      "isoloss run STUDY.yaml [--out DIR] [--ranks N] [options]",
      "Trains the trials of a study that are not done yet. Stop it when you like (Ctrl-C, SIGTERM, "
      "SIGUSR1, SIGUSR2, or a file called stop in the study folder) and run it again to go on. It "
      "also runs directly under mpirun or srun.",
      "isoloss run sweeps/quickstart.yaml --ranks 2");
  line.add()("out", po::value<std::string>(), "study folder; results/runs/NAME without it")(
      "ranks", po::value<int>(), "start so many ranks and watch over them")(
      "launcher", po::value<std::string>()->default_value("mpirun"),
      "what starts them: mpirun, or srun in a Slurm allocation")(
      "only", po::value<std::string>()->default_value(""),
      "shell pattern of trials: id, run, architecture or size")(
      "retry-failed", "try again what failed twice")("time-limit", po::value<double>(),
                                                     "seconds, instead of the study's");
  line.positional("STUDY.yaml");
  if (!line.parse(arguments)) return 0;
  const Study study = read_study(line.get<std::string>("STUDY.yaml"));
  RunOptions options;
  options.folder = line.has("out") ? std::filesystem::path(line.get<std::string>("out"))
                                   : default_study_folder(study.name);
  options.only = line.get<std::string>("only");
  options.retry_failed = line.has("retry-failed");
  if (line.has("time-limit")) {
    options.time_limit_seconds = line.get<double>("time-limit");
    if (!(*options.time_limit_seconds > 0))
      throw InputError("--time-limit is not positive (nothing could be trained); give seconds");
  }
#ifdef ISOLOSS_CUDA
  const std::unique_ptr<TrainingDevices> devices = cuda_devices();
  options.devices = devices.get();
#endif
  if (!starts_ranks(line)) return run_study(study, options);
  return supervise_study(study, options,
                         {.command = rank_command(study, options),
                          .ranks = ranks_asked(line),
                          .launcher = launcher_asked(line)});
}

}  // namespace isoloss
