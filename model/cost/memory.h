// Bytes that one rank of a training run holds, predicted from the spec by what the fused blocks of
// model/kernels/cpu keep; a switch that only the plain operations know costs more. Evaluation, of
// at most 2048 tokens at once, is not in it.
#pragma once
#include <cstdint>

#include "model/spec/model_spec.h"

namespace isoloss {

// Resident before a model exists, of a rank of `isoloss run`.
inline constexpr double kProcessBytes = 170e6;

struct MemoryOptions {
  double batch_tokens = 0;         // of a step, on this rank's share of the data
  std::int64_t micro_batches = 1;  // its parts, one after the other
  int threads = 1;                 // of the rank
  bool bfloat16 = false;           // operands of products in bfloat16, masters in float32
  bool recompute = false;          // of each layer its input alone is kept
  double optimizer_states = 2;     // values a parameter: AdamW 2, Adafactor 1
  // Matrices with both sides at least so wide have one value a row and column instead (Adafactor's
  // min_dim_factored); 0: none.
  std::int64_t factored_from = 0;
  int tensor_ranks = 1;      // ranks that share the model; InputError where it does not divide
  int optimizer_ranks = 1;   // ranks that share the optimizer's state (ZeRO-1)
  bool checkpoints = false;  // the state is saved beside training
};

struct MemoryBytes {
  double weights = 0;    // with their bfloat16 copies
  double gradients = 0;  // of the whole model on this rank, for each part worked on at once
  double optimizer = 0;
  double activations = 0;  // kept for the backward pass, and what it works in
  double exchange = 0;     // of ranks that share a run: sums on their way, and the largest tensor,
                           // whole, while a checkpoint is read
  double checkpoint = 0;   // the copy of weights and state that is being written
  double process = 0;      // code and libraries before the first tensor

  double total() const {
    return weights + gradients + optimizer + activations + exchange + checkpoint + process;
  }
};

MemoryBytes training_memory(const ModelSpec& spec, const MemoryOptions& options);

}  // namespace isoloss
