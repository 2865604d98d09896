// A training state on a device (model/device): the step is one graph there, weights and optimizer
// state come to the host for checkpoints alone, laid out as the processor's are, in float32. Ranks
// that share a batch have a device each and average gradients while the backward pass runs; each
// keeps all of the optimizer's state.
#pragma once
#include <cstddef>
#include <cstdint>
#include <memory>
#include <optional>
#include <span>
#include <vector>

#include "harness/devices/gradient_buckets.h"
#include "harness/devices/run_devices.h"
#include "harness/training_state.h"
#include "model/device/device_training.h"
#include "sweeps/run_spec.h"

namespace isoloss {

// What joins the ranks' devices. Both outlive the states.
struct DeviceJoining {
  DeviceLinks& links;
  StreamOrder& order;
  int job_rank = 0;  // this rank's of the whole job, for messages
};

class DeviceTrainingState final : public TrainingState {
 public:
  // As TrainingDevices::state; the spec is one that check_on_devices (sweeps/device_runs.h) lets
  // pass.
  DeviceTrainingState(const RunSpec& spec, RankGroups ranks, const DeviceJoining& joining,
                      const WatchedRun& run);

  std::size_t element_bytes() const override { return sizeof(float); }
  Update update(std::span<const std::int32_t> tokens) override;
  // Of rows of the model's own length, by passes of as many rows as training has.
  std::vector<float> token_losses(std::span<const std::int32_t> tokens,
                                  std::int64_t length) override;
  std::int64_t computes_multiples_of() const override;
  // Made when it is first asked for; its weights are copied once a step.
  const LanguageModel& model() override;
  StateTables tables() const override;
  StatePart part() override;
  void take_tensors(std::int64_t step, double seconds, const TensorSource& fill) override;

 private:
  RunSpec spec_;
  // In the order in which they may go: a graph holds its communicator, the average its stream.
  std::unique_ptr<RunDevices> joined_;  // null: one rank
  Stream exchange_;
  std::optional<DeviceGradientAverage> average_;
  std::optional<DeviceTraining> training_;
  std::vector<float> saved_weights_, saved_optimizer_;  // of part()
  std::optional<LanguageModel> host_;
  std::optional<std::int64_t> host_step_;  // of whose end it has the weights
};

}  // namespace isoloss
