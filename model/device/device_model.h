// A language model on the device: the parameter table's tensors in flat float32 buffers of weights
// and gradients (and a bfloat16 copy of the weights), and all memory of a step, planned once for
// one number of rows. Functions that take a stream put work on it and return; the others wait. No
// LibTorch. Random numbers and results are those of model/layers/language_model.h but for rounding.
#pragma once
#include <cstdint>
#include <functional>
#include <memory>
#include <span>
#include <vector>

#include "model/device/device_decoder.h"
#include "model/device/memory_layout.h"
#include "model/device/step_input.h"
#include "model/spec/parameters.h"

namespace isoloss {

// What activations are stored in and products read; their sums, the residual stream, statistics,
// softmax, losses, weights and gradients of weights are float32 either way.
enum class DeviceNumbers { Float32, BFloat16 };

struct DeviceModelOptions {
  DeviceNumbers numbers = DeviceNumbers::BFloat16;
  std::int64_t sequences = 1;  // of spec.sequence tokens each, in a pass
  bool recompute = false;      // activations anew in the backward pass: less memory, same bits
  TensorRanks tensor = {};     // with whom this rank shares the model
};

// Every buffer of such a model and its bytes, without a device or a group. InputError as
// DeviceModel.
std::vector<PlannedBuffer> device_memory(const ModelSpec& spec, const DeviceModelOptions& options);

class DeviceModel {
 public:
  // Initial weights of the seed. InputError that names the field where the spec has something
  // without a kernel (device_support.h), widths that are no multiples of 8, or does not divide by
  // the tensor ranks. Of several tensor ranks each calls what puts work on the device, with the
  // same tokens.
  DeviceModel(const ModelSpec& spec, std::uint64_t seed, const DeviceModelOptions& options);
  ~DeviceModel();
  DeviceModel(DeviceModel&&) noexcept;
  DeviceModel& operator=(DeviceModel&&) noexcept;

  const ModelSpec& spec() const;
  const ParameterTable& table() const;  // of this rank's shard
  const TensorRanks& tensor() const;
  const device::VocabularyPart& vocabulary() const;
  const DeviceRows& rows() const;
  const std::vector<PlannedBuffer>& memory() const;

  void clear_gradients(Stream& stream);
  // Adds the gradients of weight * sum over tokens of (loss + z_loss log(Z)^2) and leaves each
  // token's loss. `ready`, if any, is called as soon as what is on the stream leaves elements from
  // `offset` on of the gradient buffer final, from the buffer's end to 0.
  using GradientsReady = std::function<void(std::int64_t offset)>;
  void add_gradients(Stream& stream, const DeviceTokens& tokens, float weight, float z_loss,
                     float* losses, const GradientsReady& ready = {});

  // Whole micro-batches of rows() each. Overwrites the gradients with those of mean cross-entropy +
  // z_loss * mean log(Z)^2 and returns the mean cross-entropy in nats.
  double loss_and_gradients(std::span<const std::int32_t> tokens, double z_loss);
  // Cross-entropy of every token in nats, no gradients. Whole passes of rows().
  std::vector<float> token_losses(std::span<const std::int32_t> tokens);

  // Copies of the flat buffers, table().buffer_size values.
  std::vector<float> weights() const;
  std::vector<float> gradients() const;
  void set_weights(std::span<const float> weights);

  // In the device's memory, for who updates them; `rounded` is null with Float32.
  struct Buffers {
    float* weights = nullptr;
    float* gradients = nullptr;
    simt::Bf16* rounded = nullptr;
  };
  Buffers buffers() const;

 private:
  struct Impl;
  std::unique_ptr<Impl> impl_;
};

}  // namespace isoloss
