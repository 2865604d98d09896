#include "model/device/device_training.h"

#include <array>
#include <optional>
#include <string>
#include <utility>

#include "model/kernels/cuda/cross_entropy.h"
#include "model/kernels/cuda/gradient_norm.h"
#include "model/spec/error.h"

namespace isoloss {
namespace {

// A step that was started: what it reads and where its metrics go, in pinned memory.
struct StepSlot {
  StepSlot(std::int64_t bytes, std::int64_t number_of_bytes_of_state)
      : input(static_cast<std::size_t>(bytes)),
        arrived(bytes),
        metrics(static_cast<std::size_t>(number_of_bytes_of_state)) {}

  PinnedMemory input;
  DeviceArray<std::byte> arrived;  // the input, copied ahead
  Event copied, read;              // the copy is there; the step has taken it
  PinnedMemory metrics;
  Event done;
  std::int64_t step = 0;
};

std::int64_t factored_from(const DeviceTrainingOptions& options) {
  const auto* adafactor = std::get_if<DeviceAdafactor>(&options.optimizer);
  return adafactor == nullptr ? -1 : adafactor->min_dim_factored;
}

}  // namespace

struct DeviceTraining::Impl {
  Impl(DeviceModel given, const DeviceTrainingOptions& chosen)
      : model(std::move(given)),
        options(chosen),
        input(model.spec(), model.rows(), chosen.micro_batches),
        table(device::update_table(model.table(), factored_from(chosen))),
        moments(state_size()),
        current(input.bytes()),
        losses(input.tokens()),
        loss(1),
        state(1),
        scratch(table.scratch),
        slots{StepSlot(input.bytes(), sizeof(device::UpdateState)),
              StepSlot(input.bytes(), sizeof(device::UpdateState))} {
    stream.zero(moments.data(), static_cast<std::size_t>(moments.size()) * sizeof(float));
    stream.synchronize();
  }

  bool adamw() const { return std::holds_alternative<device::AdamWSettings>(options.optimizer); }
  std::int64_t state_size() const { return table.moments * (adamw() ? 2 : 1); }

  void put_step() {
    model.clear_gradients(stream);
    const float weight = 1 / static_cast<float>(input.tokens());
    for (std::int64_t i = 0; i < input.micro_batches(); ++i)
      model.add_gradients(stream, input.micro_batch(current.data(), i), weight,
                          static_cast<float>(options.z_loss),
                          losses.data() + i * input.rows().tokens());
    device::mean_loss(stream, input.tokens(), losses.data(), loss.data());
    const DeviceModel::Buffers buffers = model.buffers();
    device::measure_gradients(stream, table, buffers.gradients, scratch.data());
    device::finish_gradient_norm(stream, table, scratch.data(), loss.data(), options.clip_norm,
                                 state.data());
    if (const auto* settings = std::get_if<device::AdamWSettings>(&options.optimizer))
      device::adamw_update(stream, table, *settings, input.update(current.data()), state.data(),
                           {buffers.gradients, buffers.weights, moments.data(),
                            moments.data() + table.moments, buffers.rounded});
    else
      device::adafactor_update(
          stream, table, std::get<DeviceAdafactor>(options.optimizer).settings,
          input.update(current.data()), state.data(),
          {buffers.gradients, buffers.weights, moments.data(), buffers.rounded}, scratch.data());
  }

  void start(std::span<const std::int32_t> tokens, std::int64_t step, double learning_rate) {
    if (started - finished == std::ssize(slots))
      throw InputError("two steps are under way on the device already; ask for the metrics of one");
    StepSlot& slot = slots[static_cast<std::size_t>(started % std::ssize(slots))];
    input.fill(tokens, {learning_rate, step}, slot.input.data());
    slot.step = step;
    if (started >= std::ssize(slots)) copies.wait(slot.read);
    copies.copy_to_device(slot.arrived.data(), slot.input.data(), slot.input.size());
    slot.copied.record(copies);

    stream.wait(slot.copied);
    stream.copy(current.data(), slot.arrived.data(), slot.input.size());
    slot.read.record(stream);
    if (!options.graph) {
      put_step();
    } else {
      // The first step is done outside: libraries load and choose what a graph may not wait for.
      if (started == 1) graph = Graph::capture(stream, [this] { put_step(); });
      if (graph)
        graph->launch(stream);
      else
        put_step();
    }
    stream.copy_to_host(slot.metrics.data(), state.data(), sizeof(device::UpdateState));
    slot.done.record(stream);
    ++started;
  }

  DeviceMetrics finish() {
    if (started == finished)
      throw InputError(
          "no step is under way on the device (each gives its metrics once); start one");
    const StepSlot& slot = slots[static_cast<std::size_t>(finished % std::ssize(slots))];
    slot.done.synchronize();
    ++finished;
    const auto& metrics = *reinterpret_cast<const device::UpdateState*>(slot.metrics.data());
    return {slot.step, static_cast<double>(metrics.loss), metrics.gradient_norm,
            metrics.finite != 0};
  }

  DeviceModel model;
  DeviceTrainingOptions options;
  StepInput input;
  device::UpdateTable table;
  DeviceArray<float> moments;
  DeviceArray<std::byte> current;  // the input of the step that runs
  DeviceArray<float> losses, loss;
  DeviceArray<device::UpdateState> state;
  DeviceArray<std::byte> scratch;
  Stream stream, copies;
  std::array<StepSlot, 2> slots;
  std::optional<Graph> graph;
  std::int64_t started = 0, finished = 0;
};

DeviceTraining::DeviceTraining(DeviceModel model, const DeviceTrainingOptions& options)
    : impl_(std::make_unique<Impl>(std::move(model), options)) {}
DeviceTraining::~DeviceTraining() = default;
DeviceTraining::DeviceTraining(DeviceTraining&&) noexcept = default;
DeviceTraining& DeviceTraining::operator=(DeviceTraining&&) noexcept = default;

void DeviceTraining::start(std::span<const std::int32_t> tokens, std::int64_t step,
                           double learning_rate) {
  impl_->start(tokens, step, learning_rate);
}

DeviceMetrics DeviceTraining::finish() { return impl_->finish(); }

DeviceModel& DeviceTraining::model() {
  impl_->stream.synchronize();
  return impl_->model;
}

std::vector<float> DeviceTraining::optimizer_state() {
  impl_->stream.synchronize();
  return to_host(impl_->moments);
}

void DeviceTraining::set_optimizer_state(std::span<const float> state) {
  if (std::ssize(state) != impl_->moments.size())
    throw InputError("an optimizer state of " + std::to_string(state.size()) +
                     " values was given (this one has " + std::to_string(impl_->moments.size()) +
                     "); give that of the same model and optimizer");
  impl_->stream.copy_to_device(impl_->moments.data(), state.data(), state.size_bytes());
  impl_->stream.synchronize();
}

std::vector<PlannedBuffer> DeviceTraining::memory() const {
  const auto bytes = [](const auto& array) {
    return array.size() * static_cast<std::int64_t>(sizeof(*array.data()));
  };
  return {{"optimizer state", bytes(impl_->moments)},
          {"optimizer scratch", bytes(impl_->scratch)},
          {"inputs", bytes(impl_->current) + 2 * bytes(impl_->slots[0].arrived)},
          {"losses", bytes(impl_->losses)}};
}

}  // namespace isoloss
