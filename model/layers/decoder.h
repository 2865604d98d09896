// The decoder: the paper's figure in one file, over fused sub-layers where they know the spec's
// switches and plain ones where they do not.
#pragma once
#include <ATen/core/Tensor.h>

#include <functional>
#include <span>

#include "model/kernels/cpu/blocks.h"
#include "model/layers/ends.h"
#include "model/layers/language_model.h"
#include "model/layers/layer_state.h"

namespace isoloss {

// What a step is; outlives the backward pass.
struct DecoderStep {
  const ModelSpec& spec;
  const DecoderWeights& weights;
  const ModelOptions& options;
  FusedStep fused;  // batch, length, buckets and ranks serve the plain operations too
  // Called in the backward pass once the gradients of layer i (layers: of what follows the last)
  // and of everything after it are complete, but for those of weights at both ends; may be empty.
  std::function<void(std::size_t layer)> layer_ready = {};
  // Where rows go on after earlier tokens: this step's, and what every layer keeps of all. Needs no
  // gradients. Null where rows begin here.
  const NewTokens* tokens = nullptr;
  std::span<LayerState> states = {};
  // Where only some rows of the hidden states are asked for, which: int64 indices into batch *
  // length. The last feed-forward sub-layer then works on these alone. Needs no gradients.
  at::Tensor wanted = {};
};

// Hidden states after the last layer and before the final norm, [batch * length, d_model], or of
// the rows wanted. `inputs` are int64 ids [batch, length], already shifted.
at::Tensor decoder(const DecoderStep& step, const at::Tensor& inputs);

// Final norm, output layer and loss of the decoder's hidden states; backward() on `total`.
Loss decoder_loss(const DecoderStep& step, const at::Tensor& x, const at::Tensor& targets,
                  double z_loss);

// Final norm and output layer alone, [batch * length, vocabulary] over every rank; needs no
// gradients.
at::Tensor decoder_logits(const DecoderStep& step, const at::Tensor& x);

}  // namespace isoloss
