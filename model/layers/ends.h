// The two ends of the decoder in plain operations: the embedding, and the output layer with its
// loss. Under tensor parallelism each rank has a range of the vocabulary's rows, of the embedding
// and of the logits alike (Shoeybi et al. 2019, arXiv 1909.08053, section 3).
#pragma once
#include <ATen/core/Tensor.h>

#include "model/kernels/cpu/weights.h"
#include "model/layers/sublayers.h"

namespace isoloss {

// Rows of the embedding: `ids` int64 [batch, length] -> [batch, length, d_model].
at::Tensor embedded(const PlainStep& step, const Weight& embedding, const at::Tensor& ids);

// x [batch, length, d_model] + its positions: learned (a row for every step), sinusoidal, or none.
at::Tensor with_positions(const PlainStep& step, const Weight& position_embedding,
                          const at::Tensor& x);

// This rank's logits x W^T; of a tied layer (x d_model^-1/2) E^T where the spec scales its output.
at::Tensor output_logits(const PlainStep& step, const Weight& output, const at::Tensor& x);

// Mean cross-entropy of `targets` (int64) and, beside it, what training adds: z_loss mean log(Z)^2.
// Each rank passes its own logits and gets the loss over all of them.
struct Loss {
  at::Tensor cross_entropy;
  at::Tensor total;
};
Loss loss(const PlainStep& step, const at::Tensor& logits, const at::Tensor& targets,
          double z_loss);

}  // namespace isoloss
