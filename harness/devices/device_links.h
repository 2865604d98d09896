// How communicators of devices come into being: each group has a fresh identity that its first rank
// makes and the host's communicator of the group, whatever joins that, hands to the others. Groups
// of any ranks begin and end while others train: nobody but their members takes part.
#pragma once
#include <array>
#include <cstddef>
#include <memory>
#include <string>

#include "model/parallel/communicator.h"
#include "model/parallel/device_communicator.h"

namespace isoloss {

// NCCL's identity of a group (ncclUniqueId), whose bytes mean something to nobody else.
using DeviceGroupId = std::array<std::byte, 128>;

// The part of a library that joins devices.
class DeviceLinks {
 public:
  virtual ~DeviceLinks() = default;
  virtual DeviceGroupId fresh_id() = 0;
  // Returns when all `size` ranks have come with that identity; `name` is what errors call the
  // group. DeviceGroupFailed where they do not come in time.
  virtual std::unique_ptr<DeviceCommunicator> join(const DeviceGroupId& id, int rank, int size,
                                                   const std::string& name) = 0;
};

// What the first rank of the group makes, on every rank; collective. DeviceGroupFailed on the
// others where it cannot, which then throws what it met.
DeviceGroupId share_fresh_id(Communicator& group, DeviceLinks& links, const std::string& name);

// What one run's ranks need of their devices, beside what RankGroups has of their hosts: made when
// the run begins on these ranks and gone when it ends there. A graph that recorded an operation is
// destroyed before its communicator: whatever holds such a graph holds the communicator too.
class DeviceGroups {
 public:
  // Collective over `all`; `run` names it in errors.
  DeviceGroups(Communicator& all, Communicator& tensor, Communicator& data, DeviceLinks& links,
               const std::string& run);

  // Those of equal ranks are one.
  const std::shared_ptr<DeviceCommunicator>& all() const { return all_; }
  const std::shared_ptr<DeviceCommunicator>& tensor() const { return tensor_; }
  const std::shared_ptr<DeviceCommunicator>& data() const { return data_; }
  // 16 hex digits that all ranks have and no other group does, an earlier one of the run for one.
  const std::string& mark() const { return mark_; }

 private:
  std::shared_ptr<DeviceCommunicator> all_, tensor_, data_;
  std::string mark_;
};

}  // namespace isoloss
