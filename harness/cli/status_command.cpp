// `isoloss status`: how far a study is, from its files alone.
#include <fmt/format.h>
#include <unistd.h>

#include <chrono>
#include <cstdio>
#include <filesystem>
#include <nlohmann/json.hpp>
#include <thread>

#include "harness/cli/command_line.h"
#include "harness/cli/commands.h"
#include "harness/cli/print_json.h"
#include "harness/cli/status_text.h"
#include "harness/cli/study_status.h"
#include "model/spec/error.h"
#include "sweeps/study.h"

namespace isoloss {

int status_command(Arguments arguments) {
  CommandLine line("isoloss status DIR [--watch] [--all] [--json]",
                   "Shows trials by state, progress, time left and failures of a study folder, and "
                   "a line for each trial that runs or failed.",
                   "isoloss status results/runs/quickstart --watch");
  line.add()("watch", "look again every two seconds until nothing is left to train")(
      "all", "a line for each trial, those that are done or wait too")(
      "json", "one JSON object on standard output");
  line.positional("DIR");
  if (!line.parse(arguments)) return 0;
  const StudyFolder folder{line.get<std::string>("DIR")};
  if (!std::filesystem::exists(folder.study_file()))
    throw InputError(folder.root.string() +
                     " is no study folder (study.yaml is not in it); name the --out of a run");
  const StudyPlan plan = make_plan(read_study(folder.study_file()));
  const bool all = line.has("all"), watch = line.has("watch");
  // What was drawn before is drawn over; who reads a pipe gets one after the other.
  const bool redraws = watch && !line.has("json") && ::isatty(STDOUT_FILENO) == 1;
  while (true) {
    const StudyStatus status = study_status(folder, plan);
    if (redraws) fmt::print("\x1b[H\x1b[2J");
    if (line.has("json"))
      print_json(status_json(status, all));
    else
      fmt::print("{}", status_text(folder, plan.study, status, all));
    if (!watch || status.running + status.waiting == 0) return 0;
    std::fflush(stdout);
    std::this_thread::sleep_for(std::chrono::seconds(2));
  }
}

}  // namespace isoloss
