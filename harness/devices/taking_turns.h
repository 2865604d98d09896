// A group whose operations take turns with the means of gradients that are on their way beside the
// backward pass: of a run whose ranks share the model and the batches, the group of those that
// share the model. Operations of two groups at once end only where every device finds room for
// both, which nobody promises (NCCL's guide, "Using multiple NCCL communicators concurrently"); one
// behind the other they end if all ranks' orders go together. They do: the means of one data group
// stand between the same two sums on all its ranks, whose shards, and so buckets, are alike.
// So means run beside the kernels of the backward pass, and sums wait for the means before them.
#pragma once
#include <functional>

#include "model/parallel/device_communicator.h"

namespace isoloss {

class TakingTurns final : public DeviceCommunicator {
 public:
  // `under_way` says, when an operation is put, whether means were put on `means` for which nobody
  // waits yet (DeviceGradientAverage::under_way()); otherwise streams are left as they are. All
  // outlive this, and graphs of what was put here.
  TakingTurns(DeviceCommunicator& group, StreamOrder& order, DeviceStream means,
              std::function<bool()> under_way);

  int rank() const override { return group_.rank(); }
  int size() const override { return group_.size(); }
  void all_reduce_sum(DeviceValues values, DeviceStream on) override;
  void all_reduce_mean(DeviceValues values, DeviceStream on) override;
  void all_reduce_max(DeviceValues values, DeviceStream on) override;
  void broadcast(DeviceValues values, int root, DeviceStream on) override;
  void reduce_parts_mean(DeviceValues values, std::span<const ElementRange> parts,
                         DeviceStream on) override;
  void gather_parts(DeviceValues values, std::span<const ElementRange> parts,
                    DeviceStream on) override;
  std::optional<std::string> failure() override { return group_.failure(); }
  void abort() noexcept override { group_.abort(); }

 private:
  template <typename Operation>
  void in_turn(DeviceStream on, const Operation& put);

  DeviceCommunicator& group_;
  StreamOrder& order_;
  DeviceStream means_;
  std::function<bool()> under_way_;
};

}  // namespace isoloss
