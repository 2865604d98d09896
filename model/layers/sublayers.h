// The layers of the T5 frame in plain operations: the reference that fused kernels are tested
// against. Tensors are [batch, length, channels]; gradients are LibTorch's.
#pragma once
#include <ATen/core/Tensor.h>

#include <vector>

#include "model/kernels/cpu/weights.h"
#include "model/spec/model_spec.h"

namespace isoloss {

// Layer: (x - mean) rsqrt(var + eps) scale + bias. RMS: x rsqrt(mean x^2 + eps) scale. Primer: with
// c = x - mean, c rsqrt(mean(x c) + eps) scale + bias (So et al. 2021, section 3 and released
// code).
at::Tensor norm(const ModelSpec& spec, const NormWeights& weights, const at::Tensor& x);

// y_t = sum over taps s of w_s x_{t-s}, channel by channel, zeros before the sequence (Primer, fig.
// 4).
at::Tensor depthwise_convolution(const at::Tensor& x, const std::vector<Weight>& taps);

// Multi-head causal attention of x without norm or residual: Q, K, V by projection and, where the
// spec has one, convolution (shared_qk: Q from K); logits Q K^T + bias, not scaled; `buckets` are
// those of the distances 0 .. length - 1.
at::Tensor attention(const ModelSpec& spec, const AttentionWeights& weights,
                     const Weight& relative_bias, const at::Tensor& buckets, const at::Tensor& x);

// act(x W + b) W_out + b_out, or with a gate act(x W_gate + b_gate) * (x W + b) in the middle.
at::Tensor feed_forward(const ModelSpec& spec, const FeedForwardWeights& weights,
                        const at::Tensor& x);

// Logits of the tied output layer, (x d_model^-1/2) E^T.
at::Tensor output_logits(const ModelSpec& spec, const Weight& embedding, const at::Tensor& x);

// Mean cross-entropy of `targets` (int64) and, beside it, what training adds: z_loss mean log(Z)^2.
struct Loss {
  at::Tensor cross_entropy;
  at::Tensor total;
};
Loss loss(const at::Tensor& logits, const at::Tensor& targets, double z_loss);

}  // namespace isoloss
