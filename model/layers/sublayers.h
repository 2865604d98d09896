// The parts of a layer in plain operations: the reference that fused kernels are tested against,
// and what runs where they do not know a switch. Tensors are [batch, length, channels]; gradients
// are LibTorch's. Widths come from the tensors' shapes, so that the same code runs one rank's shard
// under tensor parallelism: what all ranks read passes shared_by_ranks, what each has a part of
// passes sum_over_ranks, and biases of d_model are added once, after the sum.
#pragma once
#include <ATen/core/Tensor.h>

#include <vector>

#include "model/kernels/cpu/weights.h"
#include "model/layers/language_model.h"
#include "model/parallel/communicator.h"
#include "model/spec/model_spec.h"

namespace isoloss {

struct LayerState;
struct NewTokens;

// What the plain operations of a step share.
struct PlainStep {
  const ModelSpec& spec;
  Precision precision = Precision::Float32;
  at::Tensor buckets;  // int64 [length], of the distances; undefined without relative positions
  Communicator* tensor_ranks = nullptr;
  // Where rows go on after earlier tokens (layer_state.h): what this step adds to them, and what
  // this layer keeps; both null where rows begin here.
  const NewTokens* tokens = nullptr;
  LayerState* state = nullptr;
};

// Layer: (x - mean) rsqrt(var + eps) scale + bias. RMS: x rsqrt(mean x^2 + eps) scale. Primer: with
// c = x - mean, c rsqrt(mean(x c) + eps) scale + bias (So et al. 2021, section 3 and released
// code). None: x.
at::Tensor norm(const ModelSpec& spec, const NormWeights& weights, const at::Tensor& x);

// The first half of the channels (rounded down) from the step before, zeros at the first step.
at::Tensor token_shifted(const at::Tensor& x);

// y_t = sum over taps s of w_s x_{t-s}, channel by channel (of the last axis), zeros before the
// sequence (Primer, fig. 4). x [batch, length, ...].
at::Tensor depthwise_convolution(const at::Tensor& x, const std::vector<at::Tensor>& taps);

// act(x W + b) W_out + b_out, or with a gate act(x W_gate + b_gate) * (x W + b) in the middle.
at::Tensor feed_forward(const PlainStep& step, const FeedForwardWeights& weights,
                        const at::Tensor& x);

// x W^T + b; b may be undefined. Float32 additions in every precision.
at::Tensor biased_linear(const PlainStep& step, const at::Tensor& x, const Weight& matrix,
                         const Weight& bias);

// The sum over ranks of x W^T, where each rank has a range of W's columns, + b.
at::Tensor output_linear(const PlainStep& step, const at::Tensor& x, const Weight& matrix,
                         const Weight& bias);

}  // namespace isoloss
