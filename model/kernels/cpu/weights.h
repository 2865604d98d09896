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
  at::Tensor rounded;  // the value as bfloat16, defined where products read that, made every step
};

struct NormWeights {
  Weight scale;
  Weight bias;  // undefined for RMS
};

// Whatever the spec has no tensor for is undefined, or empty.
struct AttentionWeights {
  NormWeights norm, norm_after;
  Weight query, key, value;  // query undefined with shared Q and K
  Weight query_from_key;     // defined with shared Q and K
  Weight query_bias, key_bias, value_bias, output_bias;
  std::vector<Weight> query_convolution;  // by tap
  std::vector<Weight> key_convolution;
  std::vector<Weight> value_convolution;
  Weight output;
  Weight rezero;  // [1]
  // The same memory once more: every projection as one [q + k + v widths, d_model] matrix, their
  // biases as one vector, and every convolution as one [parts, taps, width] array (undefined where
  // the parts' channels differ); parts are Q, K, V or, with shared Q and K, K, V.
  Weight projections, projection_biases;
  Weight convolutions;
};

struct FeedForwardWeights {
  NormWeights norm, norm_after;
  Weight gate, gate_bias;  // defined where the feed-forward is gated
  Weight in, in_bias;
  Weight out, out_bias;
  Weight rezero;               // [1]
  Weight hidden, hidden_bias;  // gate and in as one product; in alone where there is no gate
};

struct LayerWeights {
  AttentionWeights attention;
  FeedForwardWeights feed_forward;
};

struct DecoderWeights {
  Weight embedding;           // [vocabulary, d_model]
  Weight relative_bias;       // [heads, buckets], shared by all layers
  Weight position_embedding;  // [sequence, d_model]
  std::vector<LayerWeights> layers;
  NormWeights final_norm;
  Weight output;  // [vocabulary, d_model]: the output layer, the embedding where they are tied
};

}  // namespace isoloss
