// What a model is: one flat struct of switches and sizes. A named architecture and a named size are
// both sets of overrides of its fields (catalogue.h); a study file may override any of them by the
// names of spec_fields.h. The frame is T5's decoder-only language model as Primer ran it
// (So et al. 2021, arXiv 2109.08668, section 4 and the released T5 configuration).
#pragma once
#include <cstdint>
#include <string>

namespace isoloss {

enum class Activation { Relu, Gelu, Swish, SquaredRelu, Linear };  // Gelu: tanh approximation
enum class Norm { Layer, Rms, Primer };
enum class NormPlacement { Pre, Primer };  // Primer: before attention, after the feed-forward

struct ModelSpec {
  std::string architecture = "transformer";
  std::string size = "custom";

  // Switches.
  Activation activation = Activation::Relu;
  bool gated = false;  // feed-forward act(x W0 + b0) * (x W1 + b1)
  Norm norm = Norm::Layer;
  NormPlacement norm_placement = NormPlacement::Pre;
  std::int64_t convolution_width = 0;  // causal depthwise, per channel, on Q K V after projection
  bool shared_qk = false;              // K = conv(x Wk), Q = K W, no convolution of Q's own

  // Sizes.
  std::int64_t layers = 6;
  std::int64_t d_model = 512;
  std::int64_t d_head = 64;
  std::int64_t heads = 0;       // 0: d_model / d_head
  std::int64_t d_ff = 0;        // hidden width without a gate; 0: 4 d_model
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
// heads * d_head: the width of queries, keys and values.
std::int64_t attention_width(const ModelSpec& spec);
// Hidden width of the feed-forward: d_ff, or d_ff_gated for a gated one, with defaults resolved.
// The gated default rounds 2/3 d_ff to a multiple of four, which keeps parameters equal within 1.6
// % at d_model 32 and vector lengths whole.
std::int64_t feed_forward_width(const ModelSpec& spec);

// Throws InputError where sizes contradict each other (d_model not a multiple of d_head with heads
// left to it, anything below one, an odd convolution, more buckets than distances).
void check(const ModelSpec& spec);

}  // namespace isoloss
