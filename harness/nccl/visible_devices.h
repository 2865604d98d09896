// The CUDA devices that this process sees, and the one that is its own.
#pragma once
#include <string>
#include <vector>

#include "harness/devices/placement.h"
#include "model/parallel/communicator.h"

namespace isoloss {

struct VisibleDevice {
  SeenDevice seen;          // id: the device's UUID, which parts of one (MIG) have each
  std::string pci_address;  // such as 0000:1B:00.0
  std::string name;         // as the maker prints it
  double bytes = 0;         // of memory
};

// In the order of their numbers; none where there is no driver or no device. WorkError where a
// driver does not serve this program (device_count).
std::vector<VisibleDevice> visible_devices();

// Where a rank of the job works.
struct DevicePlace {
  int device = 0;  // its number on this rank
  VisibleDevice what;
  // Of all ranks of the job.
  std::vector<RankView> views;
  std::vector<int> places;
};

// Of memory of the device that is current, which nobody has taken.
double free_device_bytes();

// Makes this rank's device current and binds the process to the processors near it; collective over
// the job, at its start. InputError as place_ranks'.
DevicePlace take_place(Communicator& job, const std::string& machine, int most_per_device);

}  // namespace isoloss
