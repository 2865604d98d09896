// The decoder's sub-layers as one pass each, over the fused kernels and products of this room.
// Tensors are [batch * length, d_model]; a pass adds its weights' gradients to the flat buffer
// itself and overwrites the incoming gradient with the outgoing one. Where the weights have a
// bfloat16 copy, that is what products read, and what they read and write beside it is bfloat16
// too; the residual stream, statistics, softmax and gradients of weights are float32. A pass may
// serve one step after another: what it keeps from forward() to backward() lies in the step's
// workspace. The plain versions, which tests compare with, are those of model/layers/sublayers.h.
#pragma once
#include <ATen/core/Tensor.h>

#include <cstdint>
#include <memory>

#include "model/kernels/cpu/weights.h"
#include "model/kernels/cpu/workspace.h"
#include "model/parallel/communicator.h"
#include "model/spec/model_spec.h"

namespace isoloss {

// What all passes of a step share, and outlives them.
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

// x + F(x).
class SubLayerPass {
 public:
  virtual ~SubLayerPass() = default;
  virtual at::Tensor forward(const at::Tensor& x) = 0;
  // Overwrites dy, the gradient of what forward() returned, with that of x.
  virtual void backward(const at::Tensor& dy) = 0;
};

// What attention computed on its way, for rows that will be read on; lasts until the next step.
struct AttentionParts {
  at::Tensor projected;  // [batch * length, q + k + v widths] (k + v with shared Q and K), as the
                         // convolution reads them
  at::Tensor keys, values;  // [batch * length, kv width], as queries meet them
};

// F(x) = Attention(Norm(x)).
class AttentionPass : public SubLayerPass {
 public:
  virtual AttentionParts parts() const = 0;
};
std::shared_ptr<AttentionPass> attention_pass(const FusedStep& step,
                                              const AttentionWeights& weights,
                                              const Weight& relative_bias);

// F(x) = FeedForward(Norm(x)), or with Primer's placement Norm(FeedForward(x)).
std::shared_ptr<SubLayerPass> feed_forward_pass(const FusedStep& step,
                                                const FeedForwardWeights& weights);

// Rows of the embedding, and to each the row of `positions` [at least length, d_model] of its place
// (undefined: nothing is added); `ids` are [batch * length] and outlive the backward pass.
class EmbeddingPass {
 public:
  virtual ~EmbeddingPass() = default;
  virtual at::Tensor forward(const std::int64_t* ids) = 0;
  virtual void backward(const at::Tensor& dy) = 0;
};
std::shared_ptr<EmbeddingPass> embedding_pass(const FusedStep& step, const Weight& embedding,
                                              const Weight& positions);

// Final norm, output layer (the embedding where they are tied) and loss.
class OutputPass {
 public:
  virtual ~OutputPass() = default;
  // Mean cross-entropy of the targets, [batch * length].
  virtual double loss(const at::Tensor& x, const std::int64_t* targets, double z_loss) = 0;
  // The gradient of factor (cross-entropy + z_loss mean log(Z)^2) by x, which passes below
  // overwrite.
  virtual at::Tensor backward(double factor) = 0;
  // This rank's logits [batch * length, vocabulary], which last until the next step.
  virtual at::Tensor logits(const at::Tensor& x) = 0;
};
std::shared_ptr<OutputPass> output_pass(const FusedStep& step, const NormWeights& norm,
                                        const Weight& output);

}  // namespace isoloss
