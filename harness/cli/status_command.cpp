// `isoloss status`: how far a study is, from its files alone.
#include <fmt/format.h>

#include <chrono>
#include <cstdio>
#include <filesystem>
#include <nlohmann/json.hpp>
#include <thread>

#include "harness/cli/command_line.h"
#include "harness/cli/commands.h"
#include "harness/cli/study_status.h"
#include "harness/progress/progress_text.h"
#include "model/spec/error.h"
#include "sweeps/study.h"

namespace isoloss {
namespace {

nlohmann::ordered_json as_json(const StudyStatus& status) {
  nlohmann::ordered_json failures = nlohmann::ordered_json::array();
  for (const TrialFailure& failure : status.failures)
    failures.push_back(
        {{"trial", failure.trial}, {"attempts", failure.attempts}, {"reason", failure.reason}});
  nlohmann::ordered_json json = {{"trials",
                                  {{"done", status.done},
                                   {"running", status.running},
                                   {"waiting", status.waiting},
                                   {"failed", status.failed},
                                   {"quarantined", status.quarantined}}},
                                 {"failures", failures},
                                 {"progress", status.progress},
                                 {"eta_seconds", nullptr},
                                 {"flops_per_second", status.flops_per_second}};
  if (status.eta_seconds) json["eta_seconds"] = *status.eta_seconds;
  return json;
}

void print_status(const StudyFolder& folder, const std::string& study, const StudyStatus& status) {
  fmt::print("{}: {:.0f} % of the compute", study, 100 * status.progress);
  if (status.eta_seconds) fmt::print(", about {} left", duration_text(*status.eta_seconds));
  fmt::print("\ntrials: {} done, {} running, {} waiting, {} failed, {} quarantined\n", status.done,
             status.running, status.waiting, status.failed, status.quarantined);
  if (std::filesystem::exists(folder.stop_file()))
    fmt::print("stopped by the file {}: remove it to go on\n", folder.stop_file().string());
  for (const RankReport& report : status.ranks) fmt::print("  {}\n", rank_line(report));
  for (const TrialFailure& failure : status.failures)
    fmt::print("failed: {} after {} attempts: {}\n", failure.trial, failure.attempts,
               failure.reason);
}

}  // namespace

int status_command(Arguments arguments) {
  CommandLine line("isoloss status DIR [--watch] [--json]",
                   "Shows trials by state, progress, time left and failures of a study folder.",
                   "isoloss status results/runs/quickstart --watch");
  line.add()("watch", "look again every two seconds until nothing is left to train")(
      "json", "one JSON object on standard output");
  line.positional("DIR");
  if (!line.parse(arguments)) return 0;
  const StudyFolder folder{line.get<std::string>("DIR")};
  if (!std::filesystem::exists(folder.study_file()))
    throw InputError(folder.root.string() +
                     " is no study folder (study.yaml is not in it); name the --out of a run");
  const StudyPlan plan = make_plan(read_study(folder.study_file()));
  while (true) {
    const StudyStatus status = study_status(folder, plan);
    if (line.has("json"))
      fmt::print("{}\n", as_json(status).dump());
    else
      print_status(folder, plan.study, status);
    if (!line.has("watch") || status.running + status.waiting == 0) return 0;
    std::fflush(stdout);
    std::this_thread::sleep_for(std::chrono::seconds(2));
  }
}

}  // namespace isoloss
