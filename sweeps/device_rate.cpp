#include "sweeps/device_rate.h"

#include <vector>

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

// A data sheet's numbers: dense bfloat16 FLOPs per second, bytes of memory, bytes per second that
// one device sends over NVLink (half of what is printed for both ways).
struct DataSheet {
  double peak, memory, link;
};

// `lowest`, `usual` and `highest` share of the peak that whole training steps reached.
DeviceRate gpu(const std::string& device, const DataSheet& sheet, double lowest, double usual,
               double highest, const std::string& source) {
  DeviceRate rate{device, usual * sheet.peak, lowest * sheet.peak, highest * sheet.peak,
                  sheet.link};
  rate.memory_bytes = sheet.memory;
  rate.fewest_parameters = 1.24e8;
  rate.together = true;
  rate.source = source;
  return rate;
}

std::vector<DeviceRate> measured_rates() {
  return {
      cpu_core(),
      gpu("h100", {989.4e12, 80e9, 450e9}, 0.23, 0.45, 0.58,
          "GPT-2 124M: nanoGPT compiled 23 %, llm.c 41 %; GPT-2 1.5B: llm.c 50 %; Qwen2.5 1.5B: "
          "llmq 58 % of 989 TFLOP/s"),
      gpu("h200", {989.4e12, 141e9, 450e9}, 0.23, 0.40, 0.52,
          "GPT-2 124M: nanoGPT compiled 24 %; GPT-2 1.5B: nanoGPT 52 % of 989 TFLOP/s"),
      gpu("a100", {312e12, 80e9, 300e9}, 0.37, 0.44, 0.60,
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
