// A decoder's tensors by their place in the architecture. Each weight is a leaf view into the flat
// weight buffer whose gradient is a view into the flat gradient buffer; fused kernels add to that
// gradient themselves, plain operations leave it to autograd.
#pragma once
#include <ATen/core/Tensor.h>

#include <vector>

namespace isoloss {

struct Weight {
  at::Tensor value;
  at::Tensor gradient;
};

struct NormWeights {
  Weight scale;
  Weight bias;  // undefined for RMS
};

struct AttentionWeights {
  NormWeights norm;
  Weight query, key, value;               // query undefined with shared Q and K
  Weight query_from_key;                  // defined with shared Q and K
  std::vector<Weight> query_convolution;  // by tap; empty without convolution of its own
  std::vector<Weight> key_convolution;
  std::vector<Weight> value_convolution;
  Weight output;
  // The same memory once more: every projection as one [parts * width, d_model] matrix and every
  // convolution as one [parts, taps, width] array; parts are Q, K, V or, with shared Q and K, K, V.
  Weight projections;
  Weight convolutions;
};

struct FeedForwardWeights {
  NormWeights norm;
  Weight gate, gate_bias;  // defined where the feed-forward is gated
  Weight in, in_bias;
  Weight out, out_bias;
  Weight hidden, hidden_bias;  // gate and in as one product; in alone where there is no gate
};

struct LayerWeights {
  AttentionWeights attention;
  FeedForwardWeights feed_forward;
};

struct DecoderWeights {
  Weight embedding;      // [vocabulary, d_model], also the output layer
  Weight relative_bias;  // [heads, buckets], shared by all layers
  std::vector<LayerWeights> layers;
  NormWeights final_norm;
};

}  // namespace isoloss
