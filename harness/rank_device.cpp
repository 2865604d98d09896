#include "harness/rank_device.h"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <cctype>
#include <cstdio>
#include <span>
#include <string>

#include "sweeps/device_runs.h"

namespace isoloss {

bool devices_serve(const StudyPlan& plan, TrainingDevices* devices, Communicator& job) {
  std::array<double, 1> without = {devices == nullptr || !devices->any() ? 1.0 : 0.0};
  job.all_reduce_max(std::span<double>(without));
  if (without[0] > 0) return false;
  for (const PlannedRun& run : plan.runs)
    if (const std::string why = no_kernel_for(run.spec); !why.empty()) {
      if (job.rank() == 0)
        fmt::print(stderr,
                   "isoloss: run.device: auto trains on the processor ({} of size {}: {})\n",
                   run.spec.model.architecture, run.spec.model.size, why);
      return false;
    }
  return true;
}

std::optional<DeviceRate> rate_of(const TrainingDevice& device) {
  std::string name = device.name;
  std::ranges::transform(name, name.begin(), [](unsigned char letter) {
    return static_cast<char>(std::tolower(letter));
  });
  for (const char* known : {"h100", "h200", "a100"})
    if (name.find(known) != std::string::npos) return device_rate(known, "bfloat16");
  return std::nullopt;
}

DeviceRate rate_for_planning(const TrainingDevice& device) {
  return rate_of(device).value_or(device_rate("a100", "bfloat16"));
}

}  // namespace isoloss
