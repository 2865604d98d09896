// `isoloss plan`: what a study file will train and what it costs; trains nothing.
#include <fmt/format.h>

#include <algorithm>
#include <cmath>
#include <nlohmann/json.hpp>
#include <optional>
#include <utility>

#include "harness/cli/command_line.h"
#include "harness/cli/commands.h"
#include "harness/cli/plan_probe.h"
#include "harness/cli/print_json.h"
#include "model/spec/error.h"
#include "model/spec/tell.h"
#include "sweeps/device_packing.h"
#include "sweeps/device_runs.h"
#include "sweeps/layout.h"
#include "sweeps/plan.h"
#include "sweeps/plan_text.h"
#include "sweeps/run_ranks.h"
#include "sweeps/study.h"
#include "sweeps/study_data.h"

namespace isoloss {

namespace {

// Ranks, and machines that share them evenly.
struct AskedRanks {
  int ranks = 1;
  int nodes = 1;
  double price = 0;  // of a rank's hour

  int on_machine() const { return (ranks + nodes - 1) / nodes; }  // of the one that has most
  int fewest_on_machine() const { return ranks / nodes; }
};

AskedRanks asked_ranks(const CommandLine& line) {
  const AskedRanks asked{line.get<int>("ranks"), line.get<int>("nodes"), line.get<double>("price")};
  if (asked.ranks < 1)
    throw InputError("--ranks is " + std::to_string(asked.ranks) +
                     " (somebody has to train); give 1 or more");
  if (asked.nodes < 1 || asked.nodes > asked.ranks)
    throw InputError(
        "--nodes is " + std::to_string(asked.nodes) + " for " + std::to_string(asked.ranks) +
        " ranks (each machine has one or more of them); give 1 to " + std::to_string(asked.ranks));
  if (!(asked.price >= 0 && std::isfinite(asked.price)))
    throw InputError("--price is " + fmt::format("{}", asked.price) +
                     " (what an hour costs); give 0 or more");
  return asked;
}

// The ranks as the schedule sees them, on devices of that rate, which share them as the study says.
PlanRanks device_ranks(const AskedRanks& asked, const Study& study, const StudyPlan& plan,
                       const DeviceRate& rate) {
  const int sharing = std::min(static_cast<int>(study.ranks_per_device), asked.ranks);
  const JobDevices devices{(asked.ranks + sharing - 1) / sharing,
                           (asked.fewest_on_machine() + sharing - 1) / sharing, rate.memory_bytes};
  const PlanRanks ranks = ranks_on(devices, asked.ranks, sharing);
  if (sharing > 1) check_packing(plan, plan_ranks(plan, ranks, rate).layouts, devices, sharing);
  return ranks;
}

// As `run` decides for device: auto where each rank has such a device.
bool devices_would_serve(const StudyPlan& plan, const DeviceRate& rate) {
  return rate.memory_bytes > 0 && missing_kernel(plan).empty();
}

// What the plan does not know, or cannot be done with it yet, on standard error.
void print_notes(const Study& study, const DeviceRate& rate) {
  if (study.device == "cuda" && rate.memory_bytes == 0)
    tell_as_written(
        "Note: the study trains on GPUs, and its time is a processor's; give --device h100, h200 "
        "or a100.\n");
  if (tokens_are_absent(study.base.data))
    tell_as_written(
        fmt::format("Note: no folder '{}' of tokens: this study can be planned and not run; "
                    "`isoloss data prepare` makes one.\n",
                    study.base.data.files[0]));
}

}  // namespace

int plan_command(Arguments arguments) {
  namespace po = boost::program_options;
  CommandLine line(
      "isoloss plan STUDY.yaml [--ranks N] [--nodes N] [--device NAME] [--price P] "
      "[--json]",
      "Shows the trials of a study, their FLOPs, memory and predicted time, and what "
      "sharing prefixes saves. Trains nothing.",
      "isoloss plan sweeps/quickstart.yaml --ranks 2");
  line.add()("ranks", po::value<int>()->default_value(1), "workers to pack the runs on")(
      "nodes", po::value<int>()->default_value(1),
      "machines like this one that share the ranks evenly, each rank its part of a machine's "
      "memory")("device", po::value<std::string>()->default_value("cpu"),
                "whose speed predicts the time: cpu (a core), h100, h200 or a100")(
      "probe",
      "measure here, for a second each, the steps that no earlier --probe measured; of a "
      "study on GPUs, one here, by 1, 2, 4 and 8 processes at once")(
      "price", po::value<double>()->default_value(0), "of a rank's hour, to predict the cost")(
      "json", "one JSON object on standard output");
  line.positional("STUDY.yaml");
  if (!line.parse(arguments)) return 0;
  const AskedRanks asked = asked_ranks(line);
  const Study study = read_study(line.get<std::string>("STUDY.yaml"));
  DeviceRate rate = device_rate(line.get<std::string>("device"), study.base.dtype);
  StudyPlan plan = make_plan(study);
  const bool on_devices = study.device == "cuda";
  if (line.has("probe") && rate.device != "cpu" && !on_devices)
    throw InputError("--probe with --device " + rate.device +
                     " (steps are measured on this machine's processor); leave one of them out");
  if (on_devices || (study.device == "auto" && devices_would_serve(plan, rate)))
    plan = plan_on_devices(study, std::move(plan));
  if (!on_devices && rate.device == "cpu")
    rate.steps = step_times(plan, asked.on_machine(), line.has("probe"));
  PlanRanks ranks{asked.ranks, machine_memory() / asked.on_machine()};
  std::optional<DevicePacking> packing;
  if (on_devices && line.has("probe")) {
    packing = probed_packing(plan, asked.ranks, asked.fewest_on_machine(),
                             rate.memory_bytes > 0 ? &rate : nullptr);
    rate = packing->rate;
    ranks = packing->ranks;
  } else if (rate.memory_bytes > 0) {
    ranks = device_ranks(asked, study, plan, rate);
  }
  ranks.price = asked.price / (packing ? packing->ranks_per_device : 1);
  if (line.has("json")) {
    auto json = plan_json(plan, ranks, rate);
    if (packing)
      json["packing"] = {{"ranks_per_device", packing->ranks_per_device},
                         {"reason", packing->reason}};
    print_json(json);
  } else {
    fmt::print("{}", plan_table(plan, ranks, rate));
    if (packing) fmt::print("{}\n", packing->reason);
  }
  print_notes(study, rate);
  return 0;
}

}  // namespace isoloss
