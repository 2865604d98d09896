// What joins ranks that are threads, each with an emulated device.
#pragma once
#include <functional>
#include <memory>
#include <numeric>
#include <utility>
#include <vector>

#include "model/kernels/cuda/device.h"
#include "model/parallel/device_communicator.h"
#include "tests/harness/devices/host_device.h"

namespace isoloss::testing_devices {

// The emulator's streams do work in the order in which the host puts it.
struct OrderOfTheHost final : StreamOrder {
  void after(DeviceStream, DeviceStream) override {}
};

inline void put_on_emulator(DeviceStream on, std::function<void()> work) {
  static_cast<Stream*>(on.handle)->put(std::move(work));
}

// Of all ranks of `hosts`.
inline std::unique_ptr<HostDeviceCommunicator> joined(Communicator& hosts) {
  std::vector<int> everybody(static_cast<std::size_t>(hosts.size()));
  std::iota(everybody.begin(), everybody.end(), 0);
  return std::make_unique<HostDeviceCommunicator>(hosts.group(everybody), put_on_emulator);
}

}  // namespace isoloss::testing_devices
