// A training state on a device (model/device): the step is one graph there, of which several are
// under way, so that the device never waits for the host. Weights and optimizer
// state come to the host for checkpoints alone, laid out as the processor's are, in float32. Every
// rank has a device: those that share a model its shard of the tensors, those that share a batch
// its share of the optimizer's state, and gradients are averaged while the backward pass runs.
#pragma once
#include <chrono>
#include <cstddef>
#include <cstdint>
#include <exception>
#include <memory>
#include <optional>
#include <span>
#include <vector>

#include "harness/devices/gradient_buckets.h"
#include "harness/devices/run_devices.h"
#include "harness/devices/taking_turns.h"
#include "harness/training/training_state.h"
#include "model/device/device_training.h"
#include "sweeps/run_spec.h"

namespace isoloss {

// What joins the ranks' devices. All of it outlives the states.
struct DeviceJoining {
  DeviceLinks& links;
  StreamOrder& order;
  int job_rank = 0;  // this rank's of the whole job, for messages
  // Of a bucket of gradients that is averaged at once.
  std::size_t bucket_elements = DeviceGradientAverage::kBucketElements;
};

class DeviceTrainingState final : public TrainingState {
 public:
  // As TrainingDevices::state; the spec and the tensor ranks are some that no_kernel_for()
  // (sweeps/device_runs.h) lets pass.
  DeviceTrainingState(const RunSpec& spec, RankGroups ranks, const DeviceJoining& joining,
                      const WatchedRun& run, OptimizerState kept = OptimizerState::Shared);
  // Waits for what is under way; while an error leaves the run it ends the ranks' groups first.
  ~DeviceTrainingState() override;

  std::size_t element_bytes() const override { return sizeof(float); }
  std::int64_t peak_memory() const override;
  // Nothing while updates are under way: their time passes by the clock.
  void add_seconds(double seconds) override;
  Update update(std::span<const std::int32_t> tokens) override;
  std::optional<Update> begin(std::span<const std::int32_t> tokens) override;
  std::int64_t under_way() const override { return training_->under_way(); }
  Update next() override;
  // Of rows of the model's own length, by passes of as many rows as training has; watched as a
  // step is.
  std::vector<float> token_losses(std::span<const std::int32_t> tokens,
                                  std::int64_t length) override;
  std::int64_t computes_multiples_of() const override;
  // Made when it is first asked for; its weights are copied once a step.
  const LanguageModel& model() override;
  StateTables tables() const override;
  StatePart part() override;
  void take_tensors(std::int64_t step, double seconds, const TensorSource& fill) override;

 private:
  using Clock = std::chrono::steady_clock;
  void start(std::span<const std::int32_t> tokens);
  // Work on the device, which waits for other ranks': where it fails, they are told.
  template <typename Work>
  auto together(const Work& work);
  bool shares() const { return ranks_.data().size() > 1 && kept_ == OptimizerState::Shared; }
  // Of the tensors that this rank updates.
  ParameterTable state_table();

  int errors_before_ = std::uncaught_exceptions();  // that were leaving something
  RunSpec spec_;
  OptimizerState kept_;
  std::vector<ParameterTable> shares_;  // of every data rank; none where each keeps all
  // In the order in which they may go: a graph holds its communicator, the average its stream.
  std::unique_ptr<RunDevices> joined_;  // null: one rank
  Stream exchange_;
  std::optional<TakingTurns> turns_;  // of the tensor ranks, where data ranks average as well
  std::optional<DeviceGradientAverage> average_;
  std::optional<DeviceTraining> training_;
  Clock::time_point since_;                             // what is under way takes time
  std::vector<float> saved_weights_, saved_optimizer_;  // of part()
  std::optional<LanguageModel> host_;
  std::optional<std::int64_t> host_step_;  // of whose end it has the weights
};

}  // namespace isoloss
