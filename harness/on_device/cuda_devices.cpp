#include "harness/on_device/cuda_devices.h"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <cstdio>
#include <cstdlib>
#include <optional>
#include <span>
#include <utility>

#include "harness/devices/device_sharing.h"
#include "harness/nccl/cuda_stream_order.h"
#include "harness/nccl/nccl_links.h"
#include "harness/nccl/visible_devices.h"
#include "harness/on_device/device_training_state.h"
#include "model/spec/tell.h"

namespace isoloss {
namespace {

class CudaDevices final : public TrainingDevices {
 public:
  bool any() override { return !visible_devices().empty(); }

  TrainingDevice take_place(Communicator& job, const std::string& machine,
                            int most_per_device) override {
    const DevicePlace place = isoloss::take_place(job, machine, most_per_device);
    job_rank_ = job.rank();
    links_.emplace(place.device);
    order_.emplace();
    tell_of_sharing(place, machine);
    const PlacedDevices placed = placed_devices(place.views, place.places);
    job.barrier();  // every process has taken what it takes at its start
    // The largest of all ranks, since their plan is one.
    std::array<double, 2> memory = {
        -place.what.bytes, (place.what.bytes - free_device_bytes()) / placed.ranks_per_device};
    job.all_reduce_max(std::span<double>(memory));
    return {place.what.name,
            {placed.devices, placed.apart, -memory[0], memory[1]},
            placed.ranks_per_device};
  }

  std::unique_ptr<TrainingState> state(const RunSpec& spec, RankGroups ranks,
                                       const WatchedRun& run) override {
    return std::make_unique<DeviceTrainingState>(
        spec, std::move(ranks), DeviceJoining{links_.value(), order_.value(), job_rank_}, run);
  }

 private:
  // By the first rank of each machine.
  void tell_of_sharing(const DevicePlace& place, const std::string& machine) const {
    const auto first = std::ranges::find(place.views, machine, &RankView::machine);
    if (first - place.views.begin() != job_rank_) return;
    const auto problem =
        sharing_problem(place.views, place.places, machine,
                        mps_serves([](const char* name) { return std::getenv(name); }));
    if (problem) tell(*problem);
  }

  int job_rank_ = 0;
  std::optional<NcclLinks> links_;  // of this rank's device, once it has one
  std::optional<CudaStreamOrder> order_;
};

}  // namespace

std::unique_ptr<TrainingDevices> cuda_devices() { return std::make_unique<CudaDevices>(); }

}  // namespace isoloss
