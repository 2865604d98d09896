#include "harness/on_device/cuda_devices.h"

#include <optional>
#include <utility>

#include "harness/nccl/cuda_stream_order.h"
#include "harness/nccl/nccl_links.h"
#include "harness/nccl/visible_devices.h"
#include "harness/on_device/device_training_state.h"

namespace isoloss {
namespace {

class CudaDevices final : public TrainingDevices {
 public:
  bool any() override { return !visible_devices().empty(); }

  TrainingDevice take_place(Communicator& job, const std::string& machine) override {
    const DevicePlace place = isoloss::take_place(job, machine, 1);
    job_rank_ = job.rank();
    links_.emplace(place.device);
    order_.emplace();
    return {place.what.name, place.what.bytes};
  }

  std::unique_ptr<TrainingState> state(const RunSpec& spec, RankGroups ranks,
                                       const WatchedRun& run) override {
    return std::make_unique<DeviceTrainingState>(
        spec, std::move(ranks), DeviceJoining{links_.value(), order_.value(), job_rank_}, run);
  }

 private:
  int job_rank_ = 0;
  std::optional<NcclLinks> links_;  // of this rank's device, once it has one
  std::optional<CudaStreamOrder> order_;
};

}  // namespace

std::unique_ptr<TrainingDevices> cuda_devices() { return std::make_unique<CudaDevices>(); }

}  // namespace isoloss
