// What joins ranks that are threads, each with an emulated device.
#pragma once
#include <functional>
#include <memory>
#include <numeric>
#include <utility>
#include <vector>

#include "model/kernels/cuda/device.h"
#include "model/kernels/cuda/emulator/memory_uses.h"
#include "model/parallel/device_communicator.h"
#include "tests/harness/devices/host_device.h"

namespace isoloss::testing_devices {

inline Stream& on_emulator(DeviceStream stream) { return *static_cast<Stream*>(stream.handle); }

inline void put_on_emulator(DeviceStream on, DeviceValues values, std::function<void()> work) {
  on_emulator(on).put([values, work = std::move(work)] {
    note_use(values.data, values.count * element_bytes(values.element), true);
    work();
  });
}

struct EmulatedOrder final : StreamOrder {
  void after(DeviceStream later, DeviceStream earlier) override {
    Event here;
    here.record(on_emulator(earlier));
    on_emulator(later).wait(here);
  }
};

// Of all ranks of `hosts`.
inline std::unique_ptr<HostDeviceCommunicator> joined(Communicator& hosts) {
  std::vector<int> everybody(static_cast<std::size_t>(hosts.size()));
  std::iota(everybody.begin(), everybody.end(), 0);
  return std::make_unique<HostDeviceCommunicator>(hosts.group(everybody), put_on_emulator);
}

}  // namespace isoloss::testing_devices
