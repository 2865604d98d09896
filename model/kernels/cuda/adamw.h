// AdamW (Loshchilov & Hutter 2019, arXiv 1711.05101, algorithm 2) over flat buffers in one launch:
// bias correction, decoupled weight decay scaled by the learning rate on tensors that decay
// (harness/training/adamw.h is the reference).
#pragma once
#include "model/kernels/cuda/bfloat16.h"
#include "model/kernels/cuda/device.h"
#include "model/kernels/cuda/update_state.h"
#include "model/kernels/cuda/update_table.h"

namespace isoloss::device {

struct AdamWSettings {
  double beta1, beta2, epsilon, weight_decay;
};

// The flat buffers of an update.
struct AdamWBuffers {
  const float* gradients = nullptr;
  float* weights = nullptr;
  float* first_moments = nullptr;   // [table.moments]
  float* second_moments = nullptr;  // [table.moments]
  simt::Bf16* rounded = nullptr;    // a copy of the weights, laid out as they are; null: none
};

// The table has no factored tensors. Changes nothing where state->finite is 0.
void adamw_update(Stream& stream, const UpdateTable& table, const AdamWSettings& settings,
                  const UpdateInput* input, const UpdateState* state, const AdamWBuffers& buffers);

}  // namespace isoloss::device
