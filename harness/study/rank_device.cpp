#include "harness/study/rank_device.h"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <cctype>
#include <cstddef>
#include <cstdio>
#include <exception>
#include <span>
#include <string>

#include "model/spec/tell.h"
#include "sweeps/device_packing.h"
#include "sweeps/device_runs.h"
#include "sweeps/quantity_text.h"

namespace isoloss {

namespace {

// Whether a model's number goes on there: an A1000 is no A100.
bool digit_at(const std::string& name, std::size_t at) {
  return at < name.size() && std::isdigit(static_cast<unsigned char>(name[at])) != 0;
}

}  // namespace

void check_device_memory(const RunSpec& spec, const RankLayout& layout,
                         const TrainingDevice& device) {
  const double bytes = memory_per_rank(spec, layout);
  // What others took when the job began may be free by now: a rank that is alone on its device is
  // held to the whole of it, and what it cannot have CUDA refuses.
  const double room = device.ranks > 1
                          ? ranks_on(device.job, layout.ranks(), device.ranks).bytes_per_rank
                          : device.job.bytes;
  if (bytes <= room) return;
  throw DeviceTooSmall(fmt::format(
      "the run takes {} of a device by prediction (a rank has {} of {}{}); set run.accumulate or "
      "run.recompute, {}or let {} share it, and run with --retry-failed",
      bytes_text(bytes), bytes_text(std::max(room, 0.0)), device.name,
      device.ranks > 1 ? fmt::format(", which {} ranks share", device.ranks) : "",
      device.ranks > 1 ? "lower run.ranks_per_device, " : "",
      layout.ranks() > 1 ? "more devices" : "several devices"));
}

bool devices_serve(const Study& study, const StudyPlan& plan, TrainingDevices* devices,
                   Communicator& job) {
  bool sees = false;
  try {
    sees = devices != nullptr && devices->any();
  } catch (const std::exception& problem) {  // the others wait below
    tell(fmt::format("rank {} takes itself to see no device ({})", job.rank(), problem.what()));
  }
  std::array<double, 1> without = {sees ? 0.0 : 1.0};
  job.all_reduce_max(std::span<double>(without));
  const bool none = without[0] > 0, sharing = study.ranks_per_device > 1;
  const std::string why = !none                ? missing_kernel(plan)
                          : devices == nullptr ? "this isoloss was built without CUDA"
                                               : "a rank sees no GPU";
  if (why.empty()) return true;
  // Most machines have no device, which is worth no word where nothing was asked of one.
  if (job.rank() == 0 && (!none || sharing))
    tell(fmt::format("run.device: auto trains on the processor ({}){}", why,
                     sharing ? fmt::format("; run.ranks_per_device: {} has no effect there",
                                           study.ranks_per_device)
                             : ""));
  return false;
}

std::optional<DeviceRate> rate_of(const TrainingDevice& device) {
  std::string name = device.name;
  std::ranges::transform(name, name.begin(), [](unsigned char letter) {
    return static_cast<char>(std::tolower(letter));
  });
  for (const char* known : {"h100", "h200", "a100"})
    if (const auto at = name.find(known); at != std::string::npos && !digit_at(name, at + 4))
      return device_rate(known, "bfloat16");
  return std::nullopt;
}

DeviceRate rate_for_planning(const TrainingDevice& device) {
  return rate_of(device).value_or(device_rate("a100", "bfloat16"));
}

}  // namespace isoloss
