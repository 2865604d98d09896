// A language model on LibTorch: the parameter table's tensors as views into one flat weight buffer
// and one flat gradient buffer, and the architecture of the paper's figure over them. No LibTorch
// in this header. One thread at a time may use a model, const functions included (they share
// buffers).
#pragma once
#include <cstdint>
#include <functional>
#include <memory>
#include <span>
#include <vector>

#include "model/layers/decoding_state.h"
#include "model/parallel/communicator.h"
#include "model/spec/model_spec.h"
#include "model/spec/parameters.h"

namespace isoloss {

// BFloat16: the operands of matrix products are rounded to bfloat16; weights, gradients, sums, the
// residual stream, statistics, softmax and loss are float32. Fused passes also round, once, what
// one of them hands to the next, logits among them: softmax and loss are computed in float32 from
// bfloat16 logits (docs/models.md, Training).
enum class Precision { Float32, Float64, BFloat16 };
enum class Kernels { Fused, Reference };  // Reference: plain operations everywhere, for tests

struct ModelOptions {
  Precision precision = Precision::Float32;
  Kernels kernels = Kernels::Fused;
  bool recompute =
      false;  // keep each layer's input alone; the backward pass computes the rest again
  // The ranks that share this model by tensor parallelism, this one's shard of the table being
  // buffers; null: one rank has it all. Outlives the model.
  Communicator* tensor_ranks = nullptr;
};

struct StepOptions {
  double z_loss = 0;
  std::int64_t micro_batches =
      1;  // equal parts of the rows, one after the other; their gradients add
  // Called in the last micro-batch's backward pass as soon as elements [offset, offset + size) of
  // the gradient buffer are final, from the buffer's end to its beginning, without gaps; may be
  // empty.
  std::function<void(std::int64_t offset, std::int64_t size)> gradients_ready = {};
};

class LanguageModel {
 public:
  // Allocates both buffers and fills the weights from (seed, name, index).
  LanguageModel(const ModelSpec& spec, std::uint64_t seed, const ModelOptions& options = {});
  ~LanguageModel();
  LanguageModel(LanguageModel&&) noexcept;
  LanguageModel& operator=(LanguageModel&&) noexcept;

  const ModelSpec& spec() const;
  const ParameterTable& table() const;  // of this rank's shard
  Precision precision() const;

  // tokens: batch * sequence ids, row by row. Inputs are the tokens shifted right by one with id 0
  // first (T5). Overwrites the gradients with those of mean cross-entropy + z_loss * mean log(Z)^2
  // over all rows and returns the mean cross-entropy in nats.
  double loss_and_gradients(std::span<const std::int32_t> tokens, const StepOptions& options);

  // Cross-entropy of every token in nats, [batch * length], no gradients. `length` (at most
  // spec().sequence) may be shorter than the model's; rows are independent.
  std::vector<float> token_losses(std::span<const std::int32_t> tokens, std::int64_t length) const;

  // As token_losses, and whether each token was the most likely one at its place.
  struct Predictions {
    std::vector<float> losses;
    std::vector<std::uint8_t> greedy;
  };
  Predictions predictions(std::span<const std::int32_t> tokens, std::int64_t length) const;

  // Logits after each of `inputs` (ids as the model reads them, not shifted; rows of `length`),
  // [rows * length * vocabulary].
  std::vector<double> logits(std::span<const std::int32_t> inputs, std::int64_t length) const;

  // `rows` rows that have read nothing. The weights may not change while a state of them is read
  // on.
  DecodingState nothing_read(std::int64_t rows) const;

  // Row r of the state reads tokens[r] (ids as for logits(), perhaps none) after what it has read.
  // Logits after the places wanted, [places * vocabulary]: those of logits() of everything the row
  // has read, but for rounding. InputError: more tokens than spec().sequence, an id outside the
  // vocabulary.
  std::vector<double> read(DecodingState& state, const TokenLists& tokens,
                           std::span<const TokenPlace> wanted) const;

  // The same reading, and the cross-entropy of targets[i] after wanted[i].
  Predictions read_predictions(DecodingState& state, const TokenLists& tokens,
                               std::span<const TokenPlace> wanted,
                               std::span<const std::int32_t> targets) const;

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
