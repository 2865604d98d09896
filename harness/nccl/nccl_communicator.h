// A group of devices that NCCL joins.
#pragma once
#include <cuda_runtime_api.h>
#include <nccl.h>

#include <chrono>
#include <functional>
#include <mutex>
#include <optional>
#include <span>
#include <string>
#include <thread>

#include "model/parallel/device_communicator.h"

namespace isoloss {

class NcclCommunicator final : public DeviceCommunicator {
 public:
  // Joins the device that is current, and returns when all ranks have; DeviceGroupFailed where they
  // do not within `patience`, which every later call has too.
  NcclCommunicator(const ncclUniqueId& id, int rank, int size, std::string name,
                   std::chrono::milliseconds patience);
  // Waits for the group's other ranks to come here, unless the group has failed.
  ~NcclCommunicator() override;
  NcclCommunicator(const NcclCommunicator&) = delete;
  NcclCommunicator& operator=(const NcclCommunicator&) = delete;

  int rank() const override { return rank_; }
  int size() const override { return size_; }
  void all_reduce_sum(DeviceValues values, DeviceStream on) override;
  void all_reduce_mean(DeviceValues values, DeviceStream on) override;
  void all_reduce_max(DeviceValues values, DeviceStream on) override;
  void broadcast(DeviceValues values, int root, DeviceStream on) override;
  void reduce_parts_mean(DeviceValues values, std::span<const ElementRange> parts,
                         DeviceStream on) override;
  void gather_parts(DeviceValues values, std::span<const ElementRange> parts,
                    DeviceStream on) override;
  std::optional<std::string> failure() override;
  void abort() noexcept override;

 private:
  void all_reduce(DeviceValues values, ncclRedOp_t how, DeviceStream on);
  // Makes the call and waits until NCCL has taken it up, which is before the device has done it.
  void put(const std::function<ncclResult_t(ncclComm_t)>& call, const char* what);
  // Until NCCL is through with what it does in the background; absent then, else what failed.
  std::optional<std::string> settled();
  std::string words(ncclResult_t code) const;
  [[noreturn]] void fail(const std::string& what, const std::string& why);

  int rank_, size_;
  std::string name_;
  std::chrono::milliseconds patience_;
  // Held for each call into NCCL, so that abort() frees nothing that is in use.
  std::timed_mutex lock_;
  ncclComm_t group_ = nullptr;  // absent once aborted
  std::thread aborting_;
};

}  // namespace isoloss
