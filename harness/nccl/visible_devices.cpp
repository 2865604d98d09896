#include "harness/nccl/visible_devices.h"

#include <fmt/format.h>

#include <array>
#include <cstddef>
#include <utility>

#include "harness/devices/numa_nodes.h"
#include "harness/devices/rank_views.h"
#include "harness/nccl/cuda_check.h"
#include "model/kernels/cuda/device.h"

namespace isoloss {
namespace {

std::string hexadecimal(const cudaUUID_t& uuid) {
  std::string text;
  for (const char byte : uuid.bytes)
    text += fmt::format("{:02x}", static_cast<unsigned>(static_cast<unsigned char>(byte)));
  return text;
}

}  // namespace

std::vector<VisibleDevice> visible_devices() {
  const int count = device_count();
  std::vector<VisibleDevice> devices;
  for (int device = 0; device < count; ++device) {
    cudaDeviceProp properties{};
    check_cuda(cudaGetDeviceProperties(&properties, device), "cudaGetDeviceProperties");
    std::array<char, 32> address{};
    check_cuda(cudaDeviceGetPCIBusId(address.data(), static_cast<int>(address.size()), device),
               "cudaDeviceGetPCIBusId");
    devices.push_back({{hexadecimal(properties.uuid), numa_node_of_pci(address.data())},
                       address.data(),
                       properties.name,
                       static_cast<double>(properties.totalGlobalMem)});
  }
  return devices;
}

double free_device_bytes() {
  std::size_t free = 0, all = 0;
  check_cuda(cudaMemGetInfo(&free, &all), "cudaMemGetInfo");
  return static_cast<double>(free);
}

DevicePlace take_place(Communicator& job, const std::string& machine, int most_per_device) {
  std::vector<VisibleDevice> devices = visible_devices();
  RankView mine{machine, numa_node_of(own_processors()), {}};
  for (const VisibleDevice& device : devices) mine.devices.push_back(device.seen);
  DevicePlace place;
  place.views = gather_views(job, mine);
  place.places = place_ranks(place.views, most_per_device);
  place.device = place.places[static_cast<std::size_t>(job.rank())];
  place.what = std::move(devices[static_cast<std::size_t>(place.device)]);
  use_device(place.device);
  run_near(processors_near_pci(place.what.pci_address));
  return place;
}

}  // namespace isoloss
