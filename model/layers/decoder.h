// The decoder: the paper's figure in one function, over plain sub-layers or fused ones.
#pragma once
#include <ATen/core/Tensor.h>

#include "model/kernels/cpu/blocks.h"
#include "model/layers/language_model.h"
#include "model/layers/sublayers.h"

namespace isoloss {

struct DecoderStep {
  const ModelSpec& spec;
  const DecoderWeights& weights;
  Kernels kernels;
  FusedStep fused;  // batch, length and buckets serve the plain operations too
};

// Hidden states after the last layer and before the final norm: [batch, length, d_model], or with
// fused kernels [batch * length, d_model]. `inputs` are int64 ids [batch, length], already shifted.
at::Tensor decoder(const DecoderStep& step, const at::Tensor& inputs);

// Final norm, tied output layer and loss of the decoder's hidden states.
Loss decoder_loss(const DecoderStep& step, const at::Tensor& x, const at::Tensor& targets,
                  double z_loss);

// Final norm and tied output layer alone; needs no gradients.
at::Tensor decoder_logits(const DecoderStep& step, const at::Tensor& x);

}  // namespace isoloss
