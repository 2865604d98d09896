#include "sweeps/device_rate.h"

#include <vector>

#include "model/cost/data_sheet.h"
#include "model/spec/error.h"
#include "model/spec/nearest_name.h"

namespace isoloss {
namespace {

// One core at widths of 24 to 64 in float32: whole studies ran at 75 to 85 GFLOP/s on a Xeon with
// AVX-512 (docs/performance.md); the interval allows for older processors and wider models.
// Exchanges: between two MPI ranks of that machine, beside other work, sums in the order of ranks
// (MpiGroup::all_reduce_sum) took 2 us for 64 floats, 5 us for 1024, and went at 3e8 to 5e8 bytes
// per second from a megabyte on.
DeviceRate cpu_core() {
  DeviceRate rate{"cpu", 75e9, 30e9, 110e9, 4e8, 5e-6};
  rate.source = "a core of a Xeon with AVX-512, widths of 24 to 64 (docs/performance.md)";
  return rate;
}

// `lowest`, `usual` and `highest` share of the peak that whole training steps reached.
DeviceRate gpu(const std::string& device, double lowest, double usual, double highest,
               const std::string& source) {
  const DataSheet& sheet = data_sheet(device);
  const double peak = sheet.bfloat16_flops;
  DeviceRate rate{device, usual * peak, lowest * peak, highest * peak, sheet.link_bytes_per_second};
  rate.memory_bytes = sheet.memory_bytes;
  rate.fewest_parameters = 1.24e8;
  rate.together = true;
  rate.source = source;
  return rate;
}

std::vector<DeviceRate> measured_rates() {
  return {
      cpu_core(),
      gpu("h100", 0.23, 0.45, 0.58,
          "GPT-2 124M: nanoGPT compiled 23 %, llm.c 41 %; GPT-2 1.5B: llm.c 50 %; Qwen2.5 1.5B: "
          "llmq 58 % of 989 TFLOP/s"),
      gpu("h200", 0.23, 0.40, 0.52,
          "GPT-2 124M: nanoGPT compiled 24 %; GPT-2 1.5B: nanoGPT 52 % of 989 TFLOP/s"),
      gpu("a100", 0.37, 0.44, 0.60,
          "GPT-2 124M: nanoGPT 37 %, llm.c 60 %; MPT 125M: 43 to 45 % of 312 TFLOP/s"),
  };
}

}  // namespace

DeviceRate device_rate(const std::string& device, const std::string& dtype) {
  std::vector<std::string> known;
  for (const DeviceRate& rate : measured_rates()) {
    known.push_back(rate.device);
    if (rate.device != device) continue;
    if (rate.memory_bytes > 0 && dtype != "bfloat16")
      throw InputError("--device: " + device + " has no measured rate in " + dtype +
                       " (hours cannot be predicted); write run.dtype: bfloat16");
    return rate;
  }
  throw InputError("--device: '" + device + "' has no measured rate (hours cannot be predicted)" +
                   suggestion(device, known));
}

DeviceRate at_best(DeviceRate rate) {
  rate.flops_per_second = rate.highest;
  for (auto& [key, step] : rate.steps) step.seconds = step.fastest;
  return rate;
}

DeviceRate at_worst(DeviceRate rate) {
  rate.flops_per_second = rate.lowest;
  for (auto& [key, step] : rate.steps) step.seconds = step.slowest;
  return rate;
}

}  // namespace isoloss
