#include "harness/hf_config.h"

#include <fmt/format.h>

#include <array>
#include <utility>
#include <vector>

#include "harness/model_fields.h"
#include "model/spec/catalogue.h"
#include "model/spec/error.h"
#include "model/spec/nearest_name.h"

namespace isoloss {
namespace {

using Json = nlohmann::ordered_json;

// transformers' names; the first of an activation is the one that is written.
constexpr std::array<std::pair<const char*, Activation>, 10> kActivations{
    {{"relu", Activation::Relu},
     {"gelu_new", Activation::Gelu},
     {"gelu_pytorch_tanh", Activation::Gelu},
     {"gelu", Activation::GeluErf},
     {"silu", Activation::Swish},
     {"swish", Activation::Swish},
     {"sigmoid", Activation::Sigmoid},
     {"relu2", Activation::SquaredRelu},
     {"linear", Activation::Linear},
     {"gelu_fast", Activation::Gelu}}};

// One config.json, with messages that name it and the key.
class Reader {
 public:
  Reader(const Json& json, const std::string& source) : json_(json), source_(source) {}

  template <typename T>
  T value(const char* key, T otherwise) const {
    try {
      return given(key) ? json_.at(key).get<T>() : otherwise;
    } catch (const nlohmann::json::exception&) {
      throw InputError(fmt::format("{}: {} is {} (of another type); take the model's own config",
                                   source_, key, json_.at(key).dump()));
    }
  }
  bool given(const char* key) const { return json_.contains(key) && !json_.at(key).is_null(); }

  // Refuses a key with any value but `supported`.
  void only(const char* key, const Json& supported) const {
    if (given(key) && json_.at(key) != supported)
      throw InputError(fmt::format("{}: {} is {} (isoloss has only {}); take a model without it",
                                   source_, key, json_.at(key).dump(), supported.dump()));
  }
  void absent(const char* key) const {
    if (given(key))
      throw InputError(
          fmt::format("{}: {} is given (isoloss has nothing like it); take a model "
                      "without it",
                      source_, key));
  }

  Activation activation(const char* key, const char* otherwise) const {
    const auto name = value<std::string>(key, otherwise);
    std::vector<std::string> names;
    for (const auto& [known, activation] : kActivations) {
      if (name == known) return activation;
      names.emplace_back(known);
    }
    throw InputError(fmt::format("{}: {} '{}' is not known (isoloss has no such activation){}",
                                 source_, key, name, suggestion(name, names)));
  }

  std::int64_t heads_dividing(const char* key, std::int64_t heads, std::int64_t width) const {
    if (heads < 1 || width % heads != 0)
      throw InputError(
          fmt::format("{}: {} is {} (it does not divide the width {}); take the "
                      "model's own config",
                      source_, key, heads, width));
    return heads;
  }

 private:
  const Json& json_;
  const std::string& source_;
};

const char* activation_name(Activation activation) {
  for (const auto& [name, known] : kActivations)
    if (known == activation) return name;
  return "";
}

// Radford et al. 2019 as GPT2Config has it; its defaults are the 124 M model's.
ModelSpec read_gpt2(const Reader& config) {
  ModelSpec spec = named_architecture("gpt2");
  spec.vocabulary = config.value<std::int64_t>("vocab_size", 50257);
  spec.sequence = config.value<std::int64_t>("n_positions", 1024);
  spec.d_model = config.value<std::int64_t>("n_embd", 768);
  spec.layers = config.value<std::int64_t>("n_layer", 12);
  spec.heads =
      config.heads_dividing("n_head", config.value<std::int64_t>("n_head", 12), spec.d_model);
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
          {"activation_function", activation_name(spec.activation)},
          {"layer_norm_epsilon", spec.norm_epsilon},
          {"scale_attn_weights", spec.attention_scale == AttentionScale::RunTime},
          {"tie_word_embeddings", spec.tied},
          {"resid_pdrop", 0.0},
          {"embd_pdrop", 0.0},
          {"attn_pdrop", 0.0}};
}

// The base of the rotation, which newer configurations keep apart.
double rotary_base(const Reader& config, const Json& json, const std::string& source) {
  double base = config.value<double>("rope_theta", 10'000.0);
  for (const char* key : {"rope_parameters", "rope_scaling"}) {
    if (!config.given(key)) continue;
    const Reader rope(json.at(key), source);
    const auto kind =
        rope.value<std::string>("rope_type", rope.value<std::string>("type", "default"));
    if (kind != "default")
      throw InputError(
          fmt::format("{}: {} of type '{}' (isoloss has the plain rotation alone); take a model "
                      "without it",
                      source, key, kind));
    rope.only("partial_rotary_factor", 1.0);
    base = rope.value<double>("rope_theta", base);
  }
  return base;
}

// Touvron et al. 2023 as LlamaConfig has it; its defaults are the 7 B model's.
ModelSpec read_llama(const Reader& config, const Json& json, const std::string& source) {
  ModelSpec spec = named_architecture("llama");
  spec.vocabulary = config.value<std::int64_t>("vocab_size", 32'000);
  spec.sequence = config.value<std::int64_t>("max_position_embeddings", 2048);
  spec.d_model = config.value<std::int64_t>("hidden_size", 4096);
  spec.layers = config.value<std::int64_t>("num_hidden_layers", 32);
  spec.heads = config.value<std::int64_t>("num_attention_heads", 32);
  spec.kv_heads = config.value<std::int64_t>("num_key_value_heads", spec.heads);
  if (!config.given("head_dim"))
    config.heads_dividing("num_attention_heads", spec.heads, spec.d_model);
  spec.d_head =
      config.value<std::int64_t>("head_dim", spec.d_model / std::max<std::int64_t>(1, spec.heads));
  spec.d_ff_gated = config.value<std::int64_t>("intermediate_size", 11'008);
  spec.activation = config.activation("hidden_act", "silu");
  spec.norm_epsilon = config.value<double>("rms_norm_eps", 1e-6);
  spec.rotary_base = rotary_base(config, json, source);
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
          {"hidden_act", activation_name(spec.activation)},
          {"rms_norm_eps", spec.norm_epsilon},
          {"rope_theta", spec.rotary_base},
          {"attention_bias", spec.attention_bias},
          {"mlp_bias", spec.feed_forward_bias == FeedForwardBias::Both},
          {"tie_word_embeddings", spec.tied}};
}

Json isoloss_json(const ModelSpec& spec) {
  return {{"model_type", "isoloss"},
          {"architectures", Json::array({"IsolossForCausalLM"})},
          {"auto_map",
           {{"AutoConfig", "configuration_isoloss.IsolossConfig"},
            {"AutoModelForCausalLM", "modeling_isoloss.IsolossForCausalLM"}}},
          {"spec", model_fields(spec)},
          {"vocab_size", spec.vocabulary},
          {"hidden_size", spec.d_model},
          {"num_hidden_layers", spec.layers},
          {"num_attention_heads", head_count(spec)},
          {"max_position_embeddings", spec.sequence},
          // One tensor serves both ends where the spec ties them: nothing for the library to tie.
          {"tie_word_embeddings", false}};
}

Json class_json(HfClass kind, const ModelSpec& spec) {
  switch (kind) {
    case HfClass::Gpt2:
      return gpt2_json(spec);
    case HfClass::Llama:
      return llama_json(spec);
    case HfClass::Isoloss:
      return isoloss_json(spec);
  }
  return {};
}

}  // namespace

HfClass hf_class(const ModelSpec& spec) {
  const ModelSpec wanted = function_of(spec);
  for (const HfClass kind : {HfClass::Gpt2, HfClass::Llama}) {
    try {
      if (function_of(read_hf_config(class_json(kind, spec), "").spec) == wanted) return kind;
    } catch (const InputError&) {
      // Their configuration cannot say it.
    }
  }
  return HfClass::Isoloss;
}

Json hf_config_json(const ModelSpec& spec) {
  Json json = class_json(hf_class(spec), spec);
  json["bos_token_id"] = 0;
  json["eos_token_id"] = nullptr;
  json["use_cache"] = false;
  json["dtype"] = "float32";
  json["torch_dtype"] = "float32";  // the name before transformers 4.56
  return json;
}

HfConfig read_hf_config(const Json& config, const std::string& source) {
  if (!config.is_object())
    throw InputError(source + " is no configuration (no JSON object); take the model's own");
  const Reader reader(config, source);
  const auto type = reader.value<std::string>("model_type", "");
  HfConfig result;
  if (type == "isoloss") {
    if (!reader.given("spec"))
      throw InputError(source + ": spec is missing (the model's fields); export it again");
    result = {HfClass::Isoloss, model_of_fields(config.at("spec"), source), 0};
  } else if (type == "gpt2") {
    result = {HfClass::Gpt2, read_gpt2(reader), reader.value<std::int32_t>("bos_token_id", 50256)};
  } else if (type == "llama") {
    result = {HfClass::Llama, read_llama(reader, config, source),
              reader.value<std::int32_t>("bos_token_id", 1)};
  } else {
    const std::vector<std::string> known = {"gpt2", "llama", "isoloss"};
    throw InputError(fmt::format("{}: model_type is '{}' (isoloss reads gpt2, llama and isoloss){}",
                                 source, type, suggestion(type, known)));
  }
  reader.absent("quantization_config");
  result.spec.size = "custom";
  try {
    check(result.spec);
  } catch (const InputError& error) {
    throw InputError(fmt::format("{}: {}", source, error.what()));
  }
  if (result.first_id < 0 || result.first_id >= result.spec.vocabulary)
    throw InputError(
        fmt::format("{}: bos_token_id is {} (outside the vocabulary of {}); correct it", source,
                    result.first_id, result.spec.vocabulary));
  return result;
}

}  // namespace isoloss
