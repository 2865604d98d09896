#include "harness/devices/device_links.h"

#include <fmt/format.h>

#include <cstdint>
#include <exception>
#include <span>

#include "harness/devices/self_device_communicator.h"
#include "model/spec/counter_random.h"

namespace isoloss {
namespace {

struct Joined {
  std::shared_ptr<DeviceCommunicator> communicator;
  DeviceGroupId id{};  // of one rank alone: zeros
};

Joined joined(Communicator& group, DeviceLinks& links, const std::string& name) {
  if (group.size() == 1) return {std::make_shared<SelfDeviceCommunicator>()};
  const DeviceGroupId id = share_fresh_id(group, links, name);
  return {links.join(id, group.rank(), group.size(), name), id};
}

}  // namespace

DeviceGroupId share_fresh_id(Communicator& group, DeviceLinks& links, const std::string& name) {
  struct Shared {
    DeviceGroupId id{};
    std::uint8_t made = 0;
  } shared;
  std::exception_ptr failure;
  if (group.rank() == 0) {
    try {
      shared = {links.fresh_id(), 1};
    } catch (...) {
      failure = std::current_exception();
    }
  }
  // The others wait for it: they hear that there is none before anybody throws.
  group.broadcast(std::as_writable_bytes(std::span(&shared, 1)), 0);
  if (failure) std::rethrow_exception(failure);
  if (shared.made == 0)
    throw DeviceGroupFailed(fmt::format(
        "the {} cannot be made (its first rank failed); look at what that rank said", name));
  return shared.id;
}

// In one order on every rank: of two that each wait in another group neither would get on.
DeviceGroups::DeviceGroups(Communicator& all, Communicator& tensor, Communicator& data,
                           DeviceLinks& links, const std::string& run) {
  const Joined of_tensor = joined(tensor, links, fmt::format("tensor group of run {}", run));
  const Joined of_data = joined(data, links, fmt::format("data group of run {}", run));
  const Joined of_all = tensor.size() == all.size() ? of_tensor
                        : data.size() == all.size()
                            ? of_data
                            : joined(all, links, fmt::format("ranks of run {}", run));
  tensor_ = of_tensor.communicator;
  data_ = of_data.communicator;
  all_ = of_all.communicator;
  mark_ = fmt::format(
      "{:016x}", stream_of({reinterpret_cast<const char*>(of_all.id.data()), of_all.id.size()}));
}

}  // namespace isoloss
