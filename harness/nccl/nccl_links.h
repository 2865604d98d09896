// NCCL's leaf of DeviceLinks: communicators whose calls do not block, so that a peer that never
// comes costs a time-out and not a process. An operation of each kind is run once before a graph
// records it: NCCL connects a group's devices when they first meet.
#pragma once
#include <chrono>
#include <memory>
#include <string>

#include "harness/devices/device_links.h"

namespace isoloss {

class NcclLinks final : public DeviceLinks {
 public:
  // For the device of that number; `patience` is how long peers may take to come to a call. Sets
  // NCCL_GRAPH_REGISTER=0 where the environment does not say otherwise: before the process's first
  // call into NCCL, and while no other thread reads the environment.
  explicit NcclLinks(int device, std::chrono::milliseconds patience = std::chrono::minutes(5));

  // WorkError where NCCL finds no network to name.
  DeviceGroupId fresh_id() override;
  std::unique_ptr<DeviceCommunicator> join(const DeviceGroupId& id, int rank, int size,
                                           const std::string& name) override;

 private:
  int device_;
  std::chrono::milliseconds patience_;
};

}  // namespace isoloss
