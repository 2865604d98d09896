// Bytes a training run holds on one rank, predicted from the spec.
#pragma once
#include "model/spec/model_spec.h"

namespace isoloss {

struct MemoryBytes {
  double weights = 0;
  double gradients = 0;
  double optimizer = 0;
  double activations = 0;  // of one micro-batch, kept for the backward pass

  double total() const { return weights + gradients + optimizer + activations; }
};

// float32 training with `states` optimizer values a parameter (Adafactor unfactored 1, AdamW 2) and
// `batch_tokens` tokens in flight.
MemoryBytes training_memory(const ModelSpec& spec, double batch_tokens, double states);

}  // namespace isoloss
