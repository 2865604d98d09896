// What the ranks of a block agree on when a run on their devices has ended, well or not: whether
// the block goes on with other runs.
#pragma once
#include "model/parallel/communicator.h"

namespace isoloss {

enum class DeviceHealth {
  Well,
  // The group of the run was ended: the run has failed, its communicators are gone, and the devices
  // take other runs.
  GroupFailed,
  // This process can use its device no more, after an illegal address for one: CUDA lets it only
  // end, and with it go the job's ranks; a supervisor starts them again (docs/reliability.md).
  DeviceLost
};

// The worst of all ranks'; collective over the hosts of the block.
DeviceHealth worst_of(Communicator& block, DeviceHealth mine);

}  // namespace isoloss
