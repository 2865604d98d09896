// A language model on LibTorch: the parameter table's tensors as views into one flat weight buffer
// and one flat gradient buffer, and the architecture of the paper's figure over them. No LibTorch
// in this header. One thread at a time may use a model, const functions included (they share
// buffers).
#pragma once
#include <cstdint>
#include <memory>
#include <span>
#include <vector>

#include "model/spec/model_spec.h"
#include "model/spec/parameters.h"

namespace isoloss {

enum class Precision { Float32, Float64 };
enum class Kernels { Fused, Reference };  // Reference: plain operations everywhere, for tests

class LanguageModel {
 public:
  // Allocates both buffers and fills the weights from (seed, name, index).
  LanguageModel(const ModelSpec& spec, std::uint64_t seed, Precision precision = Precision::Float32,
                Kernels kernels = Kernels::Fused);
  ~LanguageModel();
  LanguageModel(LanguageModel&&) noexcept;
  LanguageModel& operator=(LanguageModel&&) noexcept;

  const ModelSpec& spec() const;
  const ParameterTable& table() const;
  Precision precision() const;

  // tokens: batch * sequence ids, row by row. Inputs are the tokens shifted right by one with id 0
  // first (T5). Overwrites the gradients with those of mean cross-entropy + z_loss * mean log(Z)^2
  // and returns the mean cross-entropy in nats.
  double loss_and_gradients(std::span<const std::int32_t> tokens, double z_loss);

  // Cross-entropy of every token in nats, [batch * length], no gradients. `length` (at most
  // spec().sequence) may be shorter than the model's; rows are independent.
  std::vector<float> token_losses(std::span<const std::int32_t> tokens, std::int64_t length) const;

  // As token_losses, and whether each token was the most likely one at its place.
  struct Predictions {
    std::vector<float> losses;
    std::vector<std::uint8_t> greedy;
  };
  Predictions predictions(std::span<const std::int32_t> tokens, std::int64_t length) const;

  // The flat buffers (table().buffer_size elements). The span of the other precision is empty.
  std::span<float> weights32();
  std::span<float> gradients32();
  std::span<double> weights64();
  std::span<double> gradients64();

 private:
  struct Impl;
  std::unique_ptr<Impl> impl_;
};

// Threads that LibTorch uses inside an operation, of this process; inter-op is always 1.
void set_intra_op_threads(int threads);

}  // namespace isoloss
