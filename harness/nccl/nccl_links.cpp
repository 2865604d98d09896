#include "harness/nccl/nccl_links.h"

#include <nccl.h>

#include <cstdlib>
#include <cstring>

#include "harness/nccl/nccl_communicator.h"
#include "model/kernels/cuda/device.h"
#include "model/spec/error.h"

namespace isoloss {
namespace {

static_assert(sizeof(ncclUniqueId) == sizeof(DeviceGroupId));

}  // namespace

NcclLinks::NcclLinks(int device, std::chrono::milliseconds patience)
    : device_(device), patience_(patience) {
  // By default NCCL registers with the network card, by itself, the buffers of operations that a
  // graph records. On several machines, graphs in which tiny operations alternate with large ones
  // of registered buffers were seen to hang without a word (NVIDIA/nccl issue 2389), and a step's
  // graph is of that kind: sums of a few norms between buckets of gradients. Read by NCCL when it
  // is first called; what a user set stays.
  ::setenv("NCCL_GRAPH_REGISTER", "0", 0);
}

DeviceGroupId NcclLinks::fresh_id() {
  ncclUniqueId made;
  if (const ncclResult_t code = ncclGetUniqueId(&made); code != ncclSuccess)
    throw WorkError(std::string("NCCL has no identity for a group (") + ncclGetErrorString(code) +
                    "); name the network with NCCL_SOCKET_IFNAME");
  DeviceGroupId id;
  std::memcpy(id.data(), made.internal, id.size());
  return id;
}

std::unique_ptr<DeviceCommunicator> NcclLinks::join(const DeviceGroupId& id, int rank, int size,
                                                    const std::string& name) {
  use_device(device_);
  ncclUniqueId known;
  std::memcpy(known.internal, id.data(), id.size());
  return std::make_unique<NcclCommunicator>(known, rank, size, name, patience_);
}

}  // namespace isoloss
