// Bytes of a GPU's memory that one rank of a training run takes, from the spec: what model/device
// lays out, but for the sums of a few kernels and what is small for any shape.
#pragma once
#include <cstdint>

#include "model/spec/model_spec.h"

namespace isoloss {

// That a training starts before it asks for the metrics of the first: the inputs of each are held.
inline constexpr int kDeviceStepsUnderWay = 4;

struct DeviceMemoryOptions {
  std::int64_t sequences = 1;      // of a pass, on this rank
  std::int64_t micro_batches = 1;  // passes of a step, one after the other
  bool bfloat16 = true;            // activations and products' operands; masters are float32
  bool recompute = false;          // of each layer its input alone is kept
  double optimizer_states = 2;     // values a parameter: AdamW 2, Adafactor 1
  std::int64_t factored_from = 0;  // as MemoryOptions
  int tensor_ranks = 1;     // ranks that share the model; InputError where it does not divide
  int optimizer_ranks = 1;  // ranks that share the optimizer's state
};

struct DeviceMemoryBytes {
  double weights = 0;      // with their bfloat16 copies
  double gradients = 0;    // of all of the rank's tensors
  double optimizer = 0;    // of the rank with most of it
  double activations = 0;  // kept for the backward pass, and what it works in
  double inputs = 0;       // of the steps under way, and of the one that runs
  double step = 0;         // losses by token, and what cuBLASLt works in
  double evaluation = 0;   // the input and losses of a pass of as many sequences, beside all that

  double total() const {
    return weights + gradients + optimizer + activations + inputs + step + evaluation;
  }
};

DeviceMemoryBytes device_training_memory(const ModelSpec& whole,
                                         const DeviceMemoryOptions& options);

}  // namespace isoloss
