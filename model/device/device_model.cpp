#include "model/device/device_model.h"

#include <algorithm>
#include <string>
#include <utility>
#include <variant>

#include "model/device/device_support.h"
#include "model/kernels/cuda/cross_entropy.h"
#include "model/kernels/cuda/elementwise.h"
#include "model/spec/error.h"
#include "model/spec/initial_values.h"

namespace isoloss {
namespace {

using simt::Bf16;

using AnyDecoder = std::variant<DeviceDecoder<float>, DeviceDecoder<Bf16>>;

AnyDecoder lay_out(const ModelSpec& whole, const DeviceModelOptions& options,
                   const ParameterTable& table, const DeviceTables* tables, MemoryLayout& layout,
                   DeviceModel::Buffers& buffers) {
  const ModelSpec spec = part_of(whole, options.tensor.shard);
  const device::VocabularyPart vocabulary = vocabulary_part(whole, options.tensor.shard);
  const DeviceRows rows{options.sequences, spec.sequence};
  buffers.weights = layout.take<float>("weights", table.buffer_size);
  buffers.gradients = layout.take<float>("gradients", table.buffer_size);
  if (options.numbers == DeviceNumbers::Float32) {
    const DeviceTensors<float> tensors(table, buffers.weights, buffers.weights, buffers.gradients);
    return DeviceDecoder<float>(spec, rows, tensors, options.tensor, vocabulary, tables,
                                options.recompute, layout);
  }
  buffers.rounded = layout.take<Bf16>("rounded weights", table.buffer_size);
  const DeviceTensors<Bf16> tensors(table, buffers.weights, buffers.rounded, buffers.gradients);
  return DeviceDecoder<Bf16>(spec, rows, tensors, options.tensor, vocabulary, tables,
                             options.recompute, layout);
}

// First element of each layer's tensors, and of what follows the last layer's.
std::vector<std::int64_t> offsets_of_layers(const ModelSpec& spec, const ParameterTable& table) {
  std::vector<std::int64_t> offsets(static_cast<std::size_t>(spec.layers) + 1, table.buffer_size);
  const std::string last = "layers." + std::to_string(spec.layers - 1) + ".";
  bool passed = false;
  for (const Parameter& p : table.parameters) {
    if (p.name.starts_with("layers.")) {
      const auto layer = static_cast<std::size_t>(std::stoll(p.name.substr(7)));
      offsets[layer] = std::min(offsets[layer], p.offset);
      passed = passed || p.name.starts_with(last);
    } else if (passed) {
      offsets.back() = std::min(offsets.back(), p.offset);
    }
  }
  return offsets;
}

std::vector<float> copied(const float* device, std::int64_t size) {
  std::vector<float> values(static_cast<std::size_t>(size));
  Stream stream;
  stream.copy_to_host(values.data(), device, values.size() * sizeof(float));
  stream.synchronize();
  return values;
}

MemoryLayout listed(const ModelSpec& spec, const DeviceModelOptions& options) {
  check(spec);
  check_device_support(spec);
  if (options.sequences < 1)
    throw InputError("a pass of " + std::to_string(options.sequences) +
                     " rows (at least one is needed); give more");
  MemoryLayout layout;
  DeviceModel::Buffers buffers;
  lay_out(spec, options, parameter_table(spec, options.tensor.shard), nullptr, layout, buffers);
  return layout;
}

}  // namespace

std::vector<PlannedBuffer> device_memory(const ModelSpec& spec, const DeviceModelOptions& options) {
  return listed(spec, options).buffers();
}

struct DeviceModel::Impl {
  Impl(const ModelSpec& given, const DeviceModelOptions& options)
      : spec(given),
        tensor(options.tensor),
        vocabulary(vocabulary_part(given, tensor.shard)),
        part(part_of(given, tensor.shard)),
        rows{options.sequences, given.sequence},
        table(parameter_table(given, tensor.shard)),
        layer_offsets(offsets_of_layers(given, table)),
        memory(static_cast<std::size_t>(listed(given, options).bytes())),
        tables(given, given.sequence),
        layout(memory.data()),
        decoder(lay_out(spec, options, table, &tables, layout, buffers)) {}

  DeviceStep step(Stream& on) { return {on, products, part, rows, tensor, sum_beside}; }
  void round_weights(Stream& on) {
    if (buffers.rounded != nullptr)
      device::convert(on, table.buffer_size, buffers.weights, buffers.rounded);
  }

  ModelSpec spec;
  TensorRanks tensor;
  device::VocabularyPart vocabulary;
  ModelSpec part;  // of this rank
  DeviceRows rows;
  ParameterTable table;
  std::vector<std::int64_t> layer_offsets;
  DeviceMemory memory;
  DeviceTables tables;
  Buffers buffers;
  MemoryLayout layout;
  AnyDecoder decoder;
  Products products;
  SumBeside sum_beside;
  Stream stream;  // of the functions that wait
};

DeviceModel::DeviceModel(const ModelSpec& spec, std::uint64_t seed,
                         const DeviceModelOptions& options)
    : impl_(std::make_unique<Impl>(spec, options)) {
  const TensorRanks& ranks = options.tensor;
  if (!ranks.alone() && (ranks.group == nullptr || ranks.group->size() != ranks.shard.ranks ||
                         ranks.group->rank() != ranks.shard.rank))
    throw InputError(
        "a shard of the model is not this rank's of its group (sums would never end, or "
        "add up the wrong parts); give the rank and size of the group");
  std::vector<float> weights(static_cast<std::size_t>(table().buffer_size), 0.0F);
  for (const Parameter& parameter : table().parameters)
    fill_initial(std::span(weights).subspan(static_cast<std::size_t>(parameter.offset),
                                            static_cast<std::size_t>(parameter.size())),
                 parameter, seed);
  set_weights(weights);
}
DeviceModel::~DeviceModel() = default;
DeviceModel::DeviceModel(DeviceModel&&) noexcept = default;
DeviceModel& DeviceModel::operator=(DeviceModel&&) noexcept = default;

const ModelSpec& DeviceModel::spec() const { return impl_->spec; }
const ParameterTable& DeviceModel::table() const { return impl_->table; }
const TensorRanks& DeviceModel::tensor() const { return impl_->tensor; }
const device::VocabularyPart& DeviceModel::vocabulary() const { return impl_->vocabulary; }
const DeviceRows& DeviceModel::rows() const { return impl_->rows; }
const std::vector<PlannedBuffer>& DeviceModel::memory() const { return impl_->layout.buffers(); }
DeviceModel::Buffers DeviceModel::buffers() const { return impl_->buffers; }

void DeviceModel::clear_gradients(Stream& stream) {
  stream.zero(impl_->buffers.gradients,
              static_cast<std::size_t>(table().buffer_size) * sizeof(float));
}

void DeviceModel::add_gradients(Stream& stream, const DeviceTokens& tokens, float weight,
                                float z_loss, float* losses, const GradientsReady& ready) {
  std::function<void(std::size_t)> layer_ready;
  if (ready) layer_ready = [&](std::size_t layer) { ready(impl_->layer_offsets[layer]); };
  std::visit(
      [&](auto& decoder) {
        decoder.gradients(impl_->step(stream), tokens, weight, z_loss, losses, layer_ready);
      },
      impl_->decoder);
  if (ready) ready(0);
}

double DeviceModel::loss_and_gradients(std::span<const std::int32_t> tokens, double z_loss) {
  const std::int64_t of_each = rows().tokens();
  const StepInput input(vocabulary(), rows(), std::ssize(tokens) / of_each);
  std::vector<std::byte> host(static_cast<std::size_t>(input.bytes()));
  input.fill(tokens, {}, host.data());
  const auto device = to_device<std::byte>(host);
  const DeviceArray<float> losses(input.tokens());
  Stream& stream = impl_->stream;
  clear_gradients(stream);
  for (std::int64_t i = 0; i < input.micro_batches(); ++i)
    add_gradients(stream, input.micro_batch(device.data(), i),
                  1 / static_cast<float>(input.tokens()), static_cast<float>(z_loss),
                  losses.data() + i * of_each);
  const DeviceArray<float> mean(1);
  device::mean_loss(stream, input.tokens(), losses.data(), mean.data());
  stream.synchronize();
  return static_cast<double>(to_host(mean)[0]);
}

std::vector<float> DeviceModel::token_losses(std::span<const std::int32_t> tokens) {
  const StepInput input(vocabulary(), rows(), std::ssize(tokens) / rows().tokens());
  std::vector<std::byte> host(static_cast<std::size_t>(input.bytes()));
  input.fill(tokens, {}, host.data());
  const auto device = to_device<std::byte>(host);
  const DeviceArray<float> losses(input.tokens());
  std::visit(
      [&](auto& decoder) {
        for (std::int64_t i = 0; i < input.micro_batches(); ++i)
          decoder.losses(impl_->step(impl_->stream), input.micro_batch(device.data(), i),
                         losses.data() + i * rows().tokens());
      },
      impl_->decoder);
  impl_->stream.synchronize();
  return to_host(losses);
}

std::vector<float> DeviceModel::weights() const {
  return copied(impl_->buffers.weights, table().buffer_size);
}
std::vector<float> DeviceModel::gradients() const {
  return copied(impl_->buffers.gradients, table().buffer_size);
}

void DeviceModel::set_weights(std::span<const float> weights) {
  if (std::ssize(weights) != table().buffer_size)
    throw InputError(std::to_string(weights.size()) + " weights were given (the model has " +
                     std::to_string(table().buffer_size) + " with padding); give all of them");
  impl_->stream.copy_to_device(impl_->buffers.weights, weights.data(), weights.size_bytes());
  impl_->round_weights(impl_->stream);
  impl_->stream.synchronize();
}

}  // namespace isoloss
