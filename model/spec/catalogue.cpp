#include "model/spec/catalogue.h"

#include "model/spec/error.h"
#include "model/spec/nearest_name.h"
#include "model/spec/spec_fields.h"

namespace isoloss {
namespace {

const CatalogueEntry& find(std::span<const CatalogueEntry> entries, std::string_view name,
                           const char* kind) {
  std::vector<std::string> names;
  for (const CatalogueEntry& entry : entries) {
    if (entry.name == name) return entry;
    names.push_back(entry.name);
  }
  throw InputError("'" + std::string(name) + "' is not a known " + kind + " (see `catalogue`)" +
                   suggestion(name, names));
}

using Overrides = std::vector<std::pair<std::string, std::string>>;

ModelSpec apply(ModelSpec spec, const Overrides& overrides) {
  for (const auto& [field, value] : overrides) set_field(spec, field, value);
  return spec;
}

// Twelvefold feed-forward (d_ff_ratio) and heads of 48 channels at this width.
Overrides narrowed(const char* d_model) {
  return {
      {"d_model", d_model}, {"d_head", "48"}, {"heads", "0"}, {"d_ff", "0"}, {"d_ff_gated", "0"}};
}

}  // namespace

std::span<const CatalogueEntry> architectures() {
  static const std::vector<CatalogueEntry> entries = {
      {"transformer", "T5's decoder: pre-LayerNorm, ReLU (Primer's 'vanilla', section 4)", {}},
      {"transformer-gelu",
       "transformer with the tanh approximation of GELU (Primer's 'Transformer+GELU')",
       {{"activation", "gelu"}}},
      {"transformer++",
       "SwiGLU with two thirds of the hidden width, RMSNorm (Primer's 'Transformer++')",
       {{"activation", "swish"}, {"gated", "true"}, {"norm", "rms"}}},
      {"primer-ez",
       "squared ReLU and a width-3 depthwise convolution on Q, K, V (Primer section 3, "
       "'Primer-EZ')",
       {{"activation", "squared_relu"}, {"convolution_width", "3"}}},
      {"primer",
       "primer-ez with shared Q and K, norm after the feed-forward, Primer's norm (released T5 "
       "code)",
       {{"activation", "squared_relu"},
        {"convolution_width", "3"},
        {"shared_qk", "true"},
        {"norm", "primer"},
        {"norm_placement", "primer"}}},
      {"primer-discovered",
       "the program that the search found (Primer figures 13 to 25) without its gate of fixed "
       "length: 12x feed-forward on a narrower stream, heads of 48, per-head shared Q and K, tanh "
       "after the softmax, branches added twice",
       {{"activation", "squared_relu"},
        {"feed_forward_bias", "in"},
        {"convolution_width", "3"},
        {"convolution_on", "kv"},
        {"shared_qk", "per_head"},
        {"key_value_scale", "-1.12"},
        {"attention_tanh", "true"},
        {"norm", "primer"},
        {"norm_placement", "primer"},
        {"branch_scale", "2"},
        {"d_ff_ratio", "12"}},
       // Small is the search's own. Elsewhere the width is the multiple of 48 whose parameters come
       // nearest to the transformer's of that size.
       {{"t5-small", narrowed("384")},
        {"t5-medium", narrowed("528")},
        {"t5-large", narrowed("864")},
        {"gpt3-xl", narrowed("1680")}}},
      {"gpt2",
       "GPT-2's decoder (Radford et al. 2019): learned positions, biases everywhere, GELU",
       {{"activation", "gelu"},
        {"attention_bias", "true"},
        {"attention_scale", "run_time"},
        {"positions", "learned"},
        {"output_scale", "false"},
        {"initialization", "gpt2"},
        {"norm_epsilon", "1e-5"}}},
      {"llama",
       "Llama's decoder (Touvron et al. 2023): RMSNorm, SwiGLU, rotary positions, no biases, an "
       "output layer of its own; kv_heads groups heads",
       {{"activation", "swish"},
        {"gated", "true"},
        {"feed_forward_bias", "false"},
        {"norm", "rms"},
        {"attention_scale", "run_time"},
        {"positions", "rotary"},
        {"tied", "false"},
        {"output_scale", "false"},
        {"initialization", "gpt2"},
        {"norm_epsilon", "1e-6"}}},
  };
  return entries;
}

std::span<const CatalogueEntry> sizes() {
  // T5's sizes as Primer's gin files give them; vocabulary 32,128 is T5's SentencePiece, padded.
  static const std::vector<CatalogueEntry> entries = {
      {"t5-small",
       "35 M, LM1B in Primer",
       {{"layers", "6"},
        {"d_model", "512"},
        {"d_head", "64"},
        {"d_ff", "2048"},
        {"d_ff_gated", "1364"},
        {"sequence", "64"},
        {"vocabulary", "32128"}}},
      {"t5-medium",
       "110 M (T5 base), C4 and PG19 in Primer",
       {{"layers", "12"},
        {"d_model", "768"},
        {"d_head", "64"},
        {"d_ff", "3072"},
        {"d_ff_gated", "2048"},
        {"sequence", "512"},
        {"vocabulary", "32128"}}},
      {"t5-large",
       "537 M, C4 at full scale in Primer",
       {{"layers", "24"},
        {"d_model", "1024"},
        {"d_head", "64"},
        {"d_ff", "8192"},
        {"d_ff_gated", "5462"},
        {"sequence", "512"},
        {"vocabulary", "32128"}}},
      {"gpt3-xl",
       "Primer's one-shot comparison; the paper prints neither heads nor vocabulary: 24 heads of "
       "128 and 32,128 tokens give its 1.9 B",
       {{"layers", "24"},
        {"d_model", "2048"},
        {"d_head", "128"},
        {"heads", "24"},
        {"d_ff", "12288"},
        {"d_ff_gated", "8192"},
        {"sequence", "1024"},
        {"vocabulary", "32128"}}},
  };
  return entries;
}

ModelSpec with_architecture(ModelSpec spec, std::string_view name) {
  spec = apply(std::move(spec), find(architectures(), name, "architecture").overrides);
  spec.architecture = name;
  return spec;
}

ModelSpec named_architecture(std::string_view name) { return with_architecture({}, name); }

ModelSpec with_size(ModelSpec spec, std::string_view size) {
  spec = apply(std::move(spec), find(sizes(), size, "size").overrides);
  for (const CatalogueEntry& entry : architectures()) {
    const auto change = entry.at_size.find(std::string(size));
    if (entry.name == spec.architecture && change != entry.at_size.end())
      spec = apply(std::move(spec), change->second);
  }
  spec.size = size;
  return spec;
}

}  // namespace isoloss
