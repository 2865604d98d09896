// Which device each rank of a job uses. The starter decides what a rank sees: one device of its
// own, all of the machine's, or some (CUDA_VISIBLE_DEVICES); what all ranks of a machine see
// together decides here, so that no variable of a starter is trusted.
#pragma once
#include <span>
#include <string>
#include <vector>

namespace isoloss {

// A device as a process sees it; equal ids are one device.
struct SeenDevice {
  std::string id;
  int numa_node = -1;  // -1: not known
  bool operator==(const SeenDevice&) const = default;
};

// A rank, and the devices that it sees, in the order of their numbers there.
struct RankView {
  std::string machine;
  int numa_node = -1;  // to which the process is bound; -1: to none
  std::vector<SeenDevice> devices;
  bool operator==(const RankView&) const = default;
};

// For each rank of the job the number of its device among those that it sees. On every machine
// ranks are spread evenly; then, where each has a device of its own, as many as can be are near it;
// then neighbours follow the order of devices, one round after the other where several ranks share
// each, so that the ranks of a block are apart. InputError naming machine and rank where one sees
// no device, or ranks outnumber devices `most_per_device` times.
std::vector<int> place_ranks(std::span<const RankView> ranks, int most_per_device = 1);

// What a job has of devices: `places` are place_ranks' of its ranks.
struct PlacedDevices {
  int devices = 0;
  // Neighbours among the ranks of a machine, wherever they begin, that are on different devices, as
  // NCCL wants those that train one run: as many as the machine has devices, fewer where some ranks
  // see some devices only. All ranks where no two share a device.
  int apart = 0;
  int ranks_per_device = 0;  // of the device that has the most
};
PlacedDevices placed_devices(std::span<const RankView> ranks, std::span<const int> places);

}  // namespace isoloss
