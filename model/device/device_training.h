// A model in training on the device: a step (gradients of every micro-batch, their norm, clipping,
// the optimizer's update) is one graph over memory that never moves. The host writes a step's ids
// and learning rate into pinned memory, which is copied ahead on a second stream, and reads the
// metrics of a step when it has started others: between steps it waits for nothing. A loss or
// gradient norm that is not finite leaves weights and optimizer state alone, and so do the steps
// behind it that were started before anybody heard of it.
#pragma once
#include <cstdint>
#include <functional>
#include <memory>
#include <span>
#include <variant>
#include <vector>

#include "model/cost/device_memory.h"
#include "model/device/device_model.h"
#include "model/device/update_exchange.h"
#include "model/kernels/cuda/adafactor.h"
#include "model/kernels/cuda/adamw.h"

namespace isoloss {

struct DeviceAdafactor {
  device::AdafactorSettings settings;
  std::int64_t min_dim_factored;
};

// What ranks that train one model between them do in a step, as work on its stream (or on others
// that wait for it and that it waits for again): part of the graph.
struct GradientExchange {
  // As DeviceModel::GradientsReady, in the last micro-batch's backward pass.
  std::function<void(Stream& stream, std::int64_t offset)> ready;
  // All are; leaves the ranks' mean gradients (with a shared update, of this rank's share), and
  // their mean loss [1] in place of this rank's.
  std::function<void(Stream& stream, float* loss)> finish;
};

struct DeviceTrainingOptions {
  std::variant<device::AdamWSettings, DeviceAdafactor> optimizer;
  double clip_norm = 0;  // 0: no clipping
  double z_loss = 0;
  std::int64_t micro_batches = 1;
  GradientExchange exchange = {};  // empty functions: one rank
  SharedUpdate shared = {};        // no shares: each rank updates every tensor
  bool graph = true;  // false: each step is put on the stream anew, for tests and profiles
};

struct DeviceMetrics {
  std::int64_t step = 0;  // 0 for the first
  double loss = 0;        // mean cross-entropy, nats
  double gradient_norm = 0;
  bool finite = false;
};

class DeviceTraining {
 public:
  // The optimizer's state is zero.
  DeviceTraining(DeviceModel model, const DeviceTrainingOptions& options);
  ~DeviceTraining();
  DeviceTraining(DeviceTraining&&) noexcept;
  DeviceTraining& operator=(DeviceTraining&&) noexcept;

  // Starts update number `step` (0 for the first) from whole batches of ids: micro_batches times
  // the model's rows. At most kSteps may be under way: InputError otherwise.
  static constexpr int kSteps = kDeviceStepsUnderWay;
  void start(std::span<const std::int32_t> tokens, std::int64_t step, double learning_rate);
  // The metrics of the oldest step that was started and not yet asked for; waits for its end and
  // for no later one's. InputError where there is none.
  DeviceMetrics finish();
  int under_way() const;

  // The model between steps: waits for those under way.
  DeviceModel& model();
  // The optimizer's state as harness/training/optimizer.h lays it out in files: first moments and
  // second moments, or Adafactor's moments, without padding; of this rank's share, where the update
  // is shared. Waits likewise.
  std::vector<float> optimizer_state();
  void set_optimizer_state(std::span<const float> state);

  // Bytes of the state, inputs and scratch memory, beside the model's.
  std::vector<PlannedBuffer> memory() const;

 private:
  struct Impl;
  std::unique_ptr<Impl> impl_;
};

}  // namespace isoloss
