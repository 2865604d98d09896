// Adafactor (Shazeer & Stern 2018, arXiv 1804.04235) without momentum, as Mesh TensorFlow runs it
// for T5 and Primer: second moments in rows and columns where the table factors a matrix, decay
// 1 - (t+1)^-0.8, the update clipped by its RMS, the step scaled by the tensor's RMS
// (harness/training/adafactor.h is the reference). Gradients are read three times over all,
// measuring them for the global norm included.
#pragma once
#include <cstdint>
#include <functional>

#include "model/kernels/cuda/bfloat16.h"
#include "model/kernels/cuda/device.h"
#include "model/kernels/cuda/update_state.h"
#include "model/kernels/cuda/update_table.h"

namespace isoloss::device {

struct AdafactorSettings {
  double decay, clip, epsilon1, epsilon2;
};

struct AdafactorBuffers {
  const float* gradients = nullptr;
  float* weights = nullptr;
  float* moments = nullptr;       // [table.moments]
  simt::Bf16* rounded = nullptr;  // a copy of the weights, laid out as they are; null: none
};

// Puts on the stream: `values` become their sums over the ranks that share the model's tensors.
using SumOverRanks = std::function<void(Stream& stream, float* values, std::int64_t count)>;

// After measure_gradients() and finish_gradient_norm() with the same scratch memory. Changes
// nothing where state->finite is 0. `sum` is null where this rank has whole tensors; else every
// rank makes its update with it, and statistics are those of the whole tensors.
void adafactor_update(Stream& stream, const UpdateTable& table, const AdafactorSettings& settings,
                      const UpdateInput* input, const UpdateState* state,
                      const AdafactorBuffers& buffers, float* scratch,
                      const SumOverRanks& sum = nullptr);

}  // namespace isoloss::device
