#include "harness/models/hf_public_config.h"

#include <algorithm>

#include "model/spec/catalogue.h"

namespace isoloss {
namespace {

using Json = nlohmann::ordered_json;

std::int64_t heads_dividing(const HfKeys& config, const char* key, std::int64_t heads,
                            std::int64_t width) {
  if (heads < 1 || width % heads != 0)
    throw InputError(
        fmt::format("{}: {} is {} (it does not divide the width {}); take the model's "
                    "own config",
                    config.source(), key, heads, width));
  return heads;
}

// The base of the rotation, which newer configurations keep apart.
double rotary_base(const HfKeys& config) {
  double base = config.value<double>("rope_theta", 10'000.0);
  for (const char* key : {"rope_parameters", "rope_scaling"}) {
    if (!config.given(key)) continue;
    const HfKeys rope = config.under(key);
    const auto kind =
        rope.value<std::string>("rope_type", rope.value<std::string>("type", "default"));
    if (kind != "default")
      throw InputError(
          fmt::format("{}: {} of type '{}' (isoloss has the plain rotation alone); take a model "
                      "without it",
                      config.source(), key, kind));
    rope.only("partial_rotary_factor", 1.0);
    base = rope.value<double>("rope_theta", base);
  }
  return base;
}

}  // namespace

// Radford et al. 2019 as GPT2Config has it; its defaults are the 124 M model's.
ModelSpec gpt2_spec(const HfKeys& config) {
  ModelSpec spec = named_architecture("gpt2");
  spec.vocabulary = config.value<std::int64_t>("vocab_size", 50257);
  spec.sequence = config.value<std::int64_t>("n_positions", 1024);
  spec.d_model = config.value<std::int64_t>("n_embd", 768);
  spec.layers = config.value<std::int64_t>("n_layer", 12);
  spec.heads =
      heads_dividing(config, "n_head", config.value<std::int64_t>("n_head", 12), spec.d_model);
  spec.d_head = spec.d_model / spec.heads;
  spec.d_ff = config.value<std::int64_t>("n_inner", 4 * spec.d_model);
  spec.activation = config.activation("activation_function", "gelu_new");
  spec.norm_epsilon = config.value<double>("layer_norm_epsilon", 1e-5);
  spec.attention_scale = config.value<bool>("scale_attn_weights", true) ? AttentionScale::RunTime
                                                                        : AttentionScale::Folded;
  spec.tied = config.value<bool>("tie_word_embeddings", true);
  config.only("scale_attn_by_inverse_layer_idx", false);
  config.only("add_cross_attention", false);
  return spec;
}

Json gpt2_json(const ModelSpec& spec) {
  return {{"model_type", "gpt2"},
          {"architectures", Json::array({"GPT2LMHeadModel"})},
          {"vocab_size", spec.vocabulary},
          {"n_positions", spec.sequence},
          {"n_embd", spec.d_model},
          {"n_layer", spec.layers},
          {"n_head", head_count(spec)},
          {"n_inner", feed_forward_width(spec)},
          {"activation_function", hf_activation(spec.activation)},
          {"layer_norm_epsilon", spec.norm_epsilon},
          {"scale_attn_weights", spec.attention_scale == AttentionScale::RunTime},
          {"tie_word_embeddings", spec.tied},
          {"resid_pdrop", 0.0},
          {"embd_pdrop", 0.0},
          {"attn_pdrop", 0.0}};
}

// Touvron et al. 2023 as LlamaConfig has it; its defaults are the 7 B model's.
ModelSpec llama_spec(const HfKeys& config) {
  ModelSpec spec = named_architecture("llama");
  spec.vocabulary = config.value<std::int64_t>("vocab_size", 32'000);
  spec.sequence = config.value<std::int64_t>("max_position_embeddings", 2048);
  spec.d_model = config.value<std::int64_t>("hidden_size", 4096);
  spec.layers = config.value<std::int64_t>("num_hidden_layers", 32);
  spec.heads = config.value<std::int64_t>("num_attention_heads", 32);
  spec.kv_heads = config.value<std::int64_t>("num_key_value_heads", spec.heads);
  if (!config.given("head_dim"))
    heads_dividing(config, "num_attention_heads", spec.heads, spec.d_model);
  spec.d_head =
      config.value<std::int64_t>("head_dim", spec.d_model / std::max<std::int64_t>(1, spec.heads));
  spec.d_ff_gated = config.value<std::int64_t>("intermediate_size", 11'008);
  spec.activation = config.activation("hidden_act", "silu");
  spec.norm_epsilon = config.value<double>("rms_norm_eps", 1e-6);
  spec.rotary_base = rotary_base(config);
  spec.tied = config.value<bool>("tie_word_embeddings", false);
  spec.attention_bias = config.value<bool>("attention_bias", false);
  if (config.value<bool>("mlp_bias", false)) spec.feed_forward_bias = FeedForwardBias::Both;
  config.only("partial_rotary_factor", 1.0);
  return spec;
}

Json llama_json(const ModelSpec& spec) {
  return {{"model_type", "llama"},
          {"architectures", Json::array({"LlamaForCausalLM"})},
          {"vocab_size", spec.vocabulary},
          {"max_position_embeddings", spec.sequence},
          {"hidden_size", spec.d_model},
          {"num_hidden_layers", spec.layers},
          {"num_attention_heads", head_count(spec)},
          {"num_key_value_heads", kv_head_count(spec)},
          {"head_dim", spec.d_head},
          {"intermediate_size", feed_forward_width(spec)},
          {"hidden_act", hf_activation(spec.activation)},
          {"rms_norm_eps", spec.norm_epsilon},
          {"rope_theta", spec.rotary_base},
          {"attention_bias", spec.attention_bias},
          {"mlp_bias", spec.feed_forward_bias == FeedForwardBias::Both},
          {"tie_word_embeddings", spec.tied}};
}

}  // namespace isoloss
