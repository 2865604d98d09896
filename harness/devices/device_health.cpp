#include "harness/devices/device_health.h"

#include <array>
#include <span>

namespace isoloss {

DeviceHealth worst_of(Communicator& block, DeviceHealth mine) {
  std::array<float, 1> value = {static_cast<float>(mine)};
  block.all_reduce_max(std::span<float>(value));
  return static_cast<DeviceHealth>(static_cast<int>(value[0]));
}

}  // namespace isoloss
