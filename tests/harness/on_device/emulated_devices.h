// Devices of the emulator (model/kernels/cuda/emulator) for tests of the training loop: each rank
// sees `count` of them, and ranks are joined by their hosts' communicator.
#pragma once
#include <cstdint>
#include <functional>
#include <memory>
#include <numeric>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "harness/devices/placement.h"
#include "harness/devices/rank_views.h"
#include "harness/on_device/device_training_state.h"
#include "harness/training/training_devices.h"
#include "tests/harness/devices/emulated/emulated_ranks.h"

namespace isoloss {

using testing_devices::EmulatedOrder;

// For the groups of the next state, which DeviceGroups names by what they share.
class EmulatedLinks final : public DeviceLinks {
 public:
  // `put_first` hears of each operation's group before it is put.
  explicit EmulatedLinks(const RankGroups& ranks,
                         std::function<void(const std::string& group)> put_first = nullptr)
      : all_(ranks.all()),
        tensor_(ranks.tensor()),
        data_(ranks.data()),
        put_first_(std::move(put_first)) {}
  DeviceGroupId fresh_id() override { return {std::byte{++made_}}; }
  std::unique_ptr<DeviceCommunicator> join(const DeviceGroupId&, int, int,
                                           const std::string& name) override {
    Communicator& hosts = name.starts_with("tensor") ? tensor_
                          : name.starts_with("data") ? data_
                                                     : all_;
    std::vector<int> everybody(static_cast<std::size_t>(hosts.size()));
    std::iota(everybody.begin(), everybody.end(), 0);
    return std::make_unique<testing_devices::HostDeviceCommunicator>(
        hosts.group(everybody),
        [this, name](DeviceStream on, DeviceValues values, std::function<void()> work) {
          if (put_first_) put_first_(name);
          testing_devices::put_on_emulator(on, values, std::move(work));
        });
  }

 private:
  Communicator &all_, &tensor_, &data_;
  std::function<void(const std::string&)> put_first_;
  std::uint8_t made_ = 0;
};

class EmulatedDevices final : public TrainingDevices {
 public:
  // `bytes` of memory each, of which a process takes some at its start.
  explicit EmulatedDevices(int count = 8, OptimizerState kept = OptimizerState::Shared,
                           double bytes = 1e10)
      : count_(count), kept_(kept), bytes_(bytes) {}
  static constexpr double kProcessBytes = 1e8;

  bool any() override { return count_ > 0; }
  TrainingDevice take_place(Communicator& ranks, const std::string& machine,
                            int most_per_device) override {
    RankView mine{machine, -1, {}};
    for (int i = 0; i < count_; ++i) mine.devices.push_back({"emulated " + std::to_string(i), -1});
    const std::vector<RankView> views = gather_views(ranks, mine);
    const PlacedDevices placed = placed_devices(views, place_ranks(views, most_per_device));
    job_rank_ = ranks.rank();
    return {"an emulated device",
            {placed.devices, placed.apart, bytes_, kProcessBytes},
            placed.ranks_per_device};
  }
  std::unique_ptr<TrainingState> state(const RunSpec& spec, RankGroups ranks,
                                       const WatchedRun& run) override {
    links_.emplace(ranks);
    return std::make_unique<DeviceTrainingState>(
        spec, std::move(ranks), DeviceJoining{*links_, order_, job_rank_}, run, kept_);
  }

 private:
  int count_;
  OptimizerState kept_;
  double bytes_;
  int job_rank_ = 0;
  EmulatedOrder order_;
  std::optional<EmulatedLinks> links_;
};

}  // namespace isoloss
