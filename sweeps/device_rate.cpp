#include "sweeps/device_rate.h"

#include <vector>

#include "model/spec/error.h"
#include "model/spec/nearest_name.h"

namespace isoloss {

DeviceRate device_rate(const std::string& device) {
  // One core at widths of 24 to 64 in float32: whole studies ran at 75 to 85 GFLOP/s on a Xeon with
  // AVX-512 (docs/performance.md); the interval allows for older processors and wider models.
  // Exchanges: between two MPI ranks of that machine, beside other work, sums in the order of ranks
  // (MpiGroup::all_reduce_sum) took 2 us for 64 floats, 5 us for 1024, and went at 3e8 to 5e8 bytes
  // per second from a megabyte on.
  static const std::vector<DeviceRate> rates = {{"cpu", 75e9, 30e9, 110e9, 4e8, 5e-6}};
  std::vector<std::string> known;
  for (const DeviceRate& rate : rates) {
    if (rate.device == device) return rate;
    known.push_back(rate.device);
  }
  throw InputError("--device: '" + device + "' has no measured rate (hours cannot be predicted)" +
                   suggestion(device, known));
}

}  // namespace isoloss
