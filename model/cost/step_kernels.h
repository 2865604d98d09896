// The kernels of one training step on a GPU, with the bytes and FLOPs of each: what rooflines of
// model/device's step are made of. Activations and operands are bfloat16 or float32; the residual
// stream, statistics, master weights, gradients of weights and moments are float32.
#pragma once
#include <cstdint>
#include <vector>

#include "model/cost/roofline.h"
#include "model/spec/model_spec.h"

namespace isoloss {

struct OneGpuStep {
  std::int64_t batch_tokens = 0;   // of the step
  std::int64_t micro_batches = 1;  // its parts, one after the other; each a multiple of a sequence
  bool bfloat16 = true;
};

// One entry for each kind of launch. Each reads its inputs once and writes its outputs once; what
// is in one pass with what is model/kernels/cuda's choice: sums of the residual stream with the
// norm after them, gradients of biases with the norm's and the activation's. The optimizer is AdamW
// with float32 moments. Attention counts the half of its products that the mask leaves, forward two
// and backward five of them (Dao 2023, arXiv 2307.08691).
std::vector<KernelWork> step_kernels(const ModelSpec& spec, const OneGpuStep& step);

}  // namespace isoloss
