#include "model/device/device_training.h"

#include <algorithm>
#include <exception>
#include <optional>
#include <string>
#include <utility>

#include "model/kernels/cuda/cross_entropy.h"
#include "model/kernels/cuda/gradient_norm.h"
#include "model/spec/error.h"

namespace isoloss {
namespace {

// Calls work(first element on the device, elements) for every tensor's moments, in the order of
// files, which have them without the device's padding; AdamW's second moments follow its first.
template <typename Work>
void for_each_moments(const device::UpdateTable& table, std::int64_t buffers, const Work& work) {
  for (std::int64_t buffer = 0; buffer < buffers; ++buffer)
    for (const device::TensorEntry& tensor : table.tensors)
      work(static_cast<std::size_t>(buffer * table.moments + tensor.moments),
           static_cast<std::size_t>(tensor.factored != 0 ? tensor.rows + tensor.columns
                                                         : tensor.rows * tensor.columns));
}

std::int64_t factored_from(const DeviceTrainingOptions& options) {
  const auto* adafactor = std::get_if<DeviceAdafactor>(&options.optimizer);
  return adafactor == nullptr ? -1 : adafactor->min_dim_factored;
}

}  // namespace

struct DeviceTraining::Impl {
  // A step that was started: what it reads and where its metrics go, in pinned memory.
  struct StepSlot {
    StepSlot(std::int64_t bytes, std::int64_t number_of_bytes_of_state)
        : input(static_cast<std::size_t>(bytes)),
          arrived(bytes),
          metrics(static_cast<std::size_t>(number_of_bytes_of_state)) {}

    PinnedMemory input;
    DeviceArray<std::byte> arrived;  // the input, copied ahead
    Event copied;                    // the copy is there
    PinnedMemory metrics;
    Event done;
    std::int64_t step = 0;
  };

  Impl(DeviceModel given, const DeviceTrainingOptions& chosen)
      : model(std::move(given)),
        options(chosen),
        input(model.vocabulary(), model.rows(), chosen.micro_batches),
        updates(model, chosen.shared, factored_from(chosen)),
        table(device::update_table(updates.mine(), factored_from(chosen), model.tensor().shard)),
        moments(table.moments * buffers_of_moments()),
        current(input.bytes()),
        losses(input.tokens()),
        loss(1),
        state(1),
        scratch(table.scratch) {
    for (int i = 0; i < kSteps; ++i) slots.emplace_back(input.bytes(), sizeof(device::UpdateState));
    stream.zero(moments.data(), static_cast<std::size_t>(moments.size()) * sizeof(float));
    stream.synchronize();
  }

  // Steps may be under way of which nobody will hear.
  ~Impl() {
    try {
      stream.synchronize();
    } catch (const std::exception&) {
      // The device failed, which whoever works on it hears elsewhere.
    }
  }

  // Of moments: AdamW has first and second ones.
  std::int64_t buffers_of_moments() const {
    return std::holds_alternative<device::AdamWSettings>(options.optimizer) ? 2 : 1;
  }

  void put_step() {
    model.clear_gradients(stream);
    const float weight = 1 / static_cast<float>(input.tokens());
    DeviceModel::GradientsReady ready;
    if (options.exchange.ready)
      ready = [this](std::int64_t offset) { options.exchange.ready(stream, offset); };
    for (std::int64_t i = 0; i < input.micro_batches(); ++i)
      model.add_gradients(stream, input.micro_batch(current.data(), i), weight,
                          static_cast<float>(options.z_loss),
                          losses.data() + i * input.rows().tokens(),
                          i + 1 == input.micro_batches() ? ready : nullptr);
    device::mean_loss(stream, input.tokens(), losses.data(), loss.data());
    if (options.exchange.finish) options.exchange.finish(stream, loss.data());
    const DeviceModel::Buffers buffers = model.buffers();
    device::measure_gradients(stream, table, buffers.gradients, scratch.data());
    const std::span<const float> squares =
        updates.squares(stream, {scratch.data(), static_cast<std::size_t>(table.pieces.size())});
    device::finish_gradient_norm(stream, std::ssize(squares), squares.data(), loss.data(),
                                 options.clip_norm, input.update(current.data()), state.data());
    update(updates.shared() ? nullptr : buffers.rounded);
    updates.hand_out(stream, buffers);
  }

  // Of this rank's tensors, and where `rounded` is not null of the copy of the weights.
  void update(simt::Bf16* rounded) {
    const DeviceModel::Buffers buffers = model.buffers();
    if (const auto* settings = std::get_if<device::AdamWSettings>(&options.optimizer))
      device::adamw_update(stream, table, *settings, input.update(current.data()), state.data(),
                           {buffers.gradients, buffers.weights, moments.data(),
                            moments.data() + table.moments, rounded});
    else
      device::adafactor_update(stream, table, std::get<DeviceAdafactor>(options.optimizer).settings,
                               input.update(current.data()), state.data(),
                               {buffers.gradients, buffers.weights, moments.data(), rounded},
                               scratch.data(), sum_over_tensor_ranks());
  }

  device::SumOverRanks sum_over_tensor_ranks() const {
    if (model.tensor().alone()) return nullptr;
    return [tensor = model.tensor()](Stream& on, float* values, std::int64_t count) {
      tensor.sum(on, values, count);
    };
  }

  void start(std::span<const std::int32_t> tokens, std::int64_t step, double learning_rate) {
    if (under_way() == kSteps)
      throw InputError("as many steps as may be (" + std::to_string(kSteps) +
                       ") are under way on the device already; ask for the metrics of one");
    // Its last step is done: the host has its metrics.
    StepSlot& slot = slots[static_cast<std::size_t>(started % std::ssize(slots))];
    input.fill(tokens, {learning_rate, step, under_way() > 0 ? 1 : 0}, slot.input.data());
    slot.step = step;
    copies.copy_to_device(slot.arrived.data(), slot.input.data(), slot.input.size());
    slot.copied.record(copies);

    stream.wait(slot.copied);
    stream.copy(current.data(), slot.arrived.data(), slot.input.size());
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

  int under_way() const { return static_cast<int>(started - finished); }

  DeviceModel model;
  DeviceTrainingOptions options;
  StepInput input;
  UpdateExchange updates;
  device::UpdateTable table;  // of the tensors that this rank updates
  DeviceArray<float> moments;
  DeviceArray<std::byte> current;  // the input of the step that runs
  DeviceArray<float> losses, loss;
  DeviceArray<device::UpdateState> state;
  DeviceArray<float> scratch;
  Stream stream, copies;
  std::vector<StepSlot> slots;
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
int DeviceTraining::under_way() const { return impl_->under_way(); }

DeviceModel& DeviceTraining::model() {
  impl_->stream.synchronize();
  return impl_->model;
}

std::vector<float> DeviceTraining::optimizer_state() {
  impl_->stream.synchronize();
  const std::vector<float> padded = to_host(impl_->moments);
  std::vector<float> state;
  for_each_moments(impl_->table, impl_->buffers_of_moments(),
                   [&](std::size_t first, std::size_t count) {
                     const auto begin = padded.begin() + static_cast<std::ptrdiff_t>(first);
                     state.insert(state.end(), begin, begin + static_cast<std::ptrdiff_t>(count));
                   });
  return state;
}

void DeviceTraining::set_optimizer_state(std::span<const float> state) {
  std::vector<float> padded(static_cast<std::size_t>(impl_->moments.size()), 0.0F);
  std::size_t next = 0;
  for_each_moments(impl_->table, impl_->buffers_of_moments(),
                   [&](std::size_t first, std::size_t count) {
                     if (next + count <= state.size())
                       std::copy_n(state.begin() + static_cast<std::ptrdiff_t>(next), count,
                                   padded.begin() + static_cast<std::ptrdiff_t>(first));
                     next += count;
                   });
  if (next != state.size())
    throw InputError("an optimizer state of " + std::to_string(state.size()) +
                     " values was given (this one has " + std::to_string(next) +
                     "); give that of the same model and optimizer");
  impl_->stream.copy_to_device(impl_->moments.data(), padded.data(), padded.size() * sizeof(float));
  impl_->stream.synchronize();
}

std::vector<PlannedBuffer> DeviceTraining::memory() const {
  const auto bytes = [](const auto& array) {
    return array.size() * static_cast<std::int64_t>(sizeof(*array.data()));
  };
  return {{"optimizer state", bytes(impl_->moments)},
          {"optimizer scratch", bytes(impl_->scratch) + impl_->updates.bytes()},
          {"inputs", bytes(impl_->current) + kSteps * bytes(impl_->slots[0].arrived)},
          {"losses", bytes(impl_->losses)}};
}

}  // namespace isoloss
