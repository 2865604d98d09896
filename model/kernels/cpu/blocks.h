// The decoder's sub-layers as one autograd node each, over the fused kernels of this room and
// LibTorch's matrix products. Tensors are [batch * length, d_model]; a node adds its weights'
// gradients to the flat buffer itself and overwrites the incoming gradient with the outgoing one.
// Where the weights have a bfloat16 copy, that is what products read, and what they read and write
// beside it is bfloat16 too; the residual stream, statistics, softmax and gradients of weights are
// float32.
// The plain versions, which tests compare with, are those of model/layers/sublayers.h.
#pragma once
#include <ATen/core/Tensor.h>

#include <cstdint>

#include "model/kernels/cpu/weights.h"
#include "model/kernels/cpu/workspace.h"
#include "model/parallel/communicator.h"
#include "model/spec/model_spec.h"

namespace isoloss {

// What all nodes of a step share; outlives the backward pass.
struct FusedStep {
  const ModelSpec& spec;
  Workspace& workspace;
  std::int64_t batch = 0;
  std::int64_t length = 0;
  at::Tensor buckets;  // int64 [length], of the distances; undefined without relative positions
  Communicator* tensor_ranks = nullptr;  // these share the heads, hidden channels and vocabulary

  std::int64_t rows() const { return batch * length; }
};

// Whether the fused blocks know everything that the spec switches on; what they do not know runs on
// the plain operations.
bool attention_is_fused(const ModelSpec& spec);
bool feed_forward_is_fused(const ModelSpec& spec);
bool output_is_fused(const ModelSpec& spec);

// Rows of the embedding, and to each the row of `positions` [at least length, d_model] of its place
// (undefined: nothing is added); `ids` are int64 [batch * length]. The weights outlive the backward
// pass.
at::Tensor fused_embedding(const FusedStep& step, const Weight& embedding, const Weight& positions,
                           const at::Tensor& ids);

// What attention computed on its way, for rows that will be read on; lasts until the next step.
struct AttentionParts {
  at::Tensor projected;  // [batch * length, q + k + v widths] (k + v with shared Q and K), as the
                         // convolution reads them
  at::Tensor keys, values;  // [batch * length, kv width], as queries meet them
};

// x + Attention(Norm(x)); hands out its parts where they are asked for.
at::Tensor fused_attention(const FusedStep& step, const AttentionWeights& weights,
                           const Weight& relative_bias, const at::Tensor& x,
                           AttentionParts* parts = nullptr);

// x + FeedForward(Norm(x)), or with Primer's placement x + Norm(FeedForward(x)).
at::Tensor fused_feed_forward(const FusedStep& step, const FeedForwardWeights& weights,
                              const at::Tensor& x);

// Final norm, output layer (the embedding where they are tied) and loss. backward() on `total`,
// whose value is the mean cross-entropy, gives the gradients of cross-entropy + z_loss mean
// log(Z)^2.
at::Tensor fused_output_loss(const FusedStep& step, const NormWeights& norm, const Weight& output,
                             const at::Tensor& x, const at::Tensor& targets, double z_loss);

// The same without gradients: this rank's logits [batch * length, vocabulary], which last until the
// next step.
at::Tensor fused_output_logits(const FusedStep& step, const NormWeights& norm, const Weight& output,
                               const at::Tensor& x);

}  // namespace isoloss
