#include "harness/devices/device_sharing.h"

#include <fmt/format.h>

#include <algorithm>
#include <cstddef>
#include <map>
#include <system_error>

namespace isoloss {

bool mps_serves(const std::function<const char*(const char*)>& variable) {
  const char* const named = variable("CUDA_MPS_PIPE_DIRECTORY");
  std::error_code unknown;
  return std::filesystem::exists(
      std::filesystem::path(named != nullptr ? named : "/tmp/nvidia-mps") / "control", unknown);
}

std::optional<std::string> sharing_problem(std::span<const RankView> ranks,
                                           std::span<const int> places, const std::string& machine,
                                           bool mps) {
  std::map<std::string, int> ranks_of_device;
  int most = 0;
  for (std::size_t r = 0; r < ranks.size(); ++r)
    if (ranks[r].machine == machine) {
      const std::string& id = ranks[r].devices[static_cast<std::size_t>(places[r])].id;
      most = std::max(most, ++ranks_of_device[id]);
    }
  if (most < 2 || mps) return std::nullopt;
  return fmt::format(
      "{} ranks share a device of {} (MPS does not run there, so that their work takes turns); "
      "start it with nvidia-cuda-mps-control -d, or start one rank a device",
      most, machine);
}

}  // namespace isoloss
