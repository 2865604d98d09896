// What a model is: one flat struct of switches and sizes. A named architecture and a named size are
// both sets of overrides of its fields (catalogue.h); a study file may override any of them by the
// names of spec_fields.h. The frame is T5's decoder-only language model as Primer ran it
// (So et al. 2021, arXiv 2109.08668, section 4 and the released T5 configuration).
#pragma once
#include <cstdint>
#include <string>

namespace isoloss {

enum class Activation {
  Relu,
  Gelu,     // tanh approximation
  GeluErf,  // x Phi(x)
  Swish,
  Elu,
  Selu,
  Sigmoid,
  Softplus,
  SquaredRelu,
  Linear
};
enum class Norm { Layer, Rms, Primer, None };  // None: with rezero
// Pre: x + F(Norm x). Post: Norm(x + F x), and no final norm. Primer: before attention, after the
// feed-forward inside its branch. Both: x + Norm(F(Norm x)).
enum class NormPlacement { Pre, Post, Primer, Both };
enum class Positions { Relative, Learned, Sinusoidal, Rotary, None };
enum class ConvolutionPlace { AfterProjection, BeforeProjection };
enum class SharedQk { No, Full, PerHead };  // Q = K W, W over all channels or within each head
enum class FeedForwardBias { Both, In, None };
enum class Initialization { T5, Gpt2 };  // docs/models.md
enum class AttentionScale {
  Folded,  // d_head^-1/2 is in the initial query weights alone (T5)
  RunTime  // and logits are scaled at every step
};

struct ModelSpec {
  std::string architecture = "transformer";
  std::string size = "custom";

  // Switches: feed-forward.
  Activation activation = Activation::Relu;
  bool gated = false;  // feed-forward act(x W0 + b0) * (x W1 + b1)
  FeedForwardBias feed_forward_bias = FeedForwardBias::Both;
  // Norms and residual branches.
  Norm norm = Norm::Layer;
  NormPlacement norm_placement = NormPlacement::Pre;
  bool rezero = false;       // each branch times a learned scalar that starts at zero
  double branch_scale = 1;   // each branch times this constant
  bool token_shift = false;  // a sub-layer reads half of its channels one step late
  // Attention.
  std::int64_t convolution_width = 0;  // causal depthwise; 0: none
  std::string convolution_on = "qkv";  // which of q, k, v, in this order
  bool convolution_shared = false;     // one filter of d_head channels serves every head
  ConvolutionPlace convolution_place = ConvolutionPlace::AfterProjection;
  SharedQk shared_qk = SharedQk::No;  // K = conv(x Wk), Q = K W, no convolution of Q's own
  std::int64_t kv_heads = 0;          // heads of K and V, each serving heads / kv_heads; 0: heads
  bool attention_bias = false;        // of the Q, K, V and output projections
  AttentionScale attention_scale = AttentionScale::Folded;
  double key_value_scale = 1;   // K and V times this constant, after the convolution
  bool attention_tanh = false;  // of the weights, after the softmax
  // Positions and the two ends.
  Positions positions = Positions::Relative;
  double rotary_base = 10'000;
  bool tied = true;          // the output layer is the embedding
  bool output_scale = true;  // the tied output layer reads x d_model^-1/2
  Initialization initialization = Initialization::T5;

  // Sizes.
  std::int64_t layers = 6;
  std::int64_t d_model = 512;
  std::int64_t d_head = 64;
  std::int64_t heads = 0;  // 0: d_model / d_head
  std::int64_t d_ff = 0;   // hidden width without a gate; 0: d_ff_ratio d_model
  double d_ff_ratio = 4;
  std::int64_t d_ff_gated = 0;  // hidden width with a gate; 0: 2/3 of the other, by fours
  std::int64_t sequence = 512;
  std::int64_t vocabulary = 32128;
  std::int64_t relative_buckets = 32;
  std::int64_t relative_max_distance = 128;
  double norm_epsilon = 1e-6;

  bool operator==(const ModelSpec&) const = default;
};

// Number of heads, with the default resolved.
std::int64_t head_count(const ModelSpec& spec);
// heads * d_head: the width of the queries.
std::int64_t attention_width(const ModelSpec& spec);
// Heads of keys and values, and kv_heads * d_head.
std::int64_t kv_head_count(const ModelSpec& spec);
std::int64_t kv_width(const ModelSpec& spec);
// Whether 'q', 'k' or 'v' is convolved; with shared Q and K queries have none of their own.
bool has_convolution(const ModelSpec& spec, char part);
// Hidden width of the feed-forward: d_ff, or d_ff_gated for a gated one, with defaults resolved.
// The gated default rounds 2/3 d_ff to a multiple of four, which keeps parameters equal within 1.6
// % at d_model 32 and vector lengths whole.
std::int64_t feed_forward_width(const ModelSpec& spec);

// The same model with what defaults leave open spelled out: heads, both hidden widths; kv_heads and
// d_ff_ratio where they no longer say anything are back at their defaults. Equal models that were
// written differently resolve to equal specs.
ModelSpec resolved(ModelSpec spec);

// Throws InputError where fields contradict each other: d_model not a multiple of d_head with heads
// left to it, anything below one, more buckets than distances, heads that kv_heads do not divide,
// grouped heads with shared Q and K, rotary positions with an odd d_head, a filter shared by heads
// before the projection (where there are no heads), no norm without rezero, constants that are not
// finite, a hidden width of nothing.
void check(const ModelSpec& spec);

}  // namespace isoloss
