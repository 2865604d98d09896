// `isoloss submit`: the batch script of a study, shown and handed to sbatch.
#include <fmt/format.h>

#include <filesystem>
#include <nlohmann/json.hpp>

#include "harness/cli/command_line.h"
#include "harness/cli/commands.h"
#include "harness/cli/study_paths.h"
#include "slurm/batch_script.h"
#include "slurm/submit.h"
#include "sweeps/study.h"

namespace isoloss {

int submit_command(Arguments arguments) {
  namespace po = boost::program_options;
  Site site;
  CommandLine line(
      "isoloss submit STUDY.yaml [--dry-run] [options]",
      "Writes the batch script of a study, shows it and submits it with sbatch. The job "
      "saves its state before the time limit and goes back to the queue until the study "
      "is done.",
      "isoloss submit sweeps/quickstart.yaml --nodes 2 --tasks-per-node 4 --dry-run");
  line.add()("dry-run", "show the script only")("out", po::value<std::string>(),
                                                "study folder; results/runs/NAME without it")(
      "partition", po::value(&site.partition), "Slurm partition")(
      "account", po::value(&site.account), "account to charge")(
      "time", po::value(&site.time), "HH:MM:SS; the study's time_limit, else 12 hours")(
      "nodes", po::value(&site.nodes)->default_value(site.nodes), "nodes")(
      "tasks-per-node", po::value(&site.tasks_per_node)->default_value(site.tasks_per_node),
      "ranks on a node")("cpus-per-task",
                         po::value(&site.cpus_per_task)->default_value(site.cpus_per_task),
                         "cores a rank; 0: the study's threads")(
      "gpus-per-node", po::value(&site.gpus_per_node)->default_value(site.gpus_per_node),
      "GPUs on a node")("module", po::value(&site.modules)->composing(),
                        "environment module to load; may be repeated")(
      "requeues", po::value(&site.requeues)->default_value(site.requeues),
      "how often the job requeues itself")("json", "one JSON object on standard output");
  line.positional("STUDY.yaml");
  if (!line.parse(arguments)) return 0;
  const Study study = read_study(line.get<std::string>("STUDY.yaml"));
  const std::string out =
      line.has("out") ? line.get<std::string>("out") : default_study_folder(study.name).string();
  const BatchJob job{std::filesystem::read_symlink("/proc/self/exe"),
                     std::filesystem::absolute(out)};
  const std::string script = batch_script(study, site, job);
  const bool as_json = line.has("json");
  if (!as_json) fmt::print("{}", script);
  if (line.has("dry-run")) {
    if (as_json) fmt::print("{}\n", nlohmann::ordered_json{{"script", script}}.dump());
    return 0;
  }
  const std::string number = submit_script(script);
  if (as_json)
    fmt::print("{}\n", nlohmann::ordered_json{{"job", number}, {"script", script}}.dump());
  else
    fmt::print("submitted as job {}\n", number);
  return 0;
}

}  // namespace isoloss
