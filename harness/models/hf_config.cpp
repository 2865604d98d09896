#include "harness/models/hf_config.h"

#include <fmt/format.h>

#include <vector>

#include "harness/models/hf_public_config.h"
#include "harness/models/model_fields.h"
#include "model/spec/error.h"
#include "model/spec/nearest_name.h"

namespace isoloss {
namespace {

using Json = nlohmann::ordered_json;

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

// With what every configuration of ours says.
Json class_json(HfClass kind, const ModelSpec& spec) {
  Json json = kind == HfClass::Gpt2    ? gpt2_json(spec)
              : kind == HfClass::Llama ? llama_json(spec)
                                       : isoloss_json(spec);
  json["bos_token_id"] = 0;
  json["eos_token_id"] = nullptr;
  json["use_cache"] = false;
  json["dtype"] = "float32";
  json["torch_dtype"] = "float32";  // the name before transformers 4.56
  return json;
}

}  // namespace

HfClass hf_class(const ModelSpec& spec) {
  const ModelSpec wanted = function_of(spec);
  for (const HfClass kind : {HfClass::Gpt2, HfClass::Llama}) {
    // transformers refuses either class where heads do not divide the width, whatever head_dim is.
    if (spec.d_model % head_count(spec) != 0) continue;
    try {
      if (function_of(read_hf_config(class_json(kind, spec), "").spec) == wanted) return kind;
    } catch (const InputError&) {
      // Their configuration cannot say it.
    }
  }
  return HfClass::Isoloss;
}

Json hf_config_json(const ModelSpec& spec) { return class_json(hf_class(spec), spec); }

HfConfig read_hf_config(const Json& config, const std::string& source) {
  if (!config.is_object())
    throw InputError(source + " is no configuration (no JSON object); take the model's own");
  const HfKeys reader(config, source);
  const auto type = reader.value<std::string>("model_type", "");
  HfConfig result;
  if (type == "isoloss") {
    if (!reader.given("spec"))
      throw InputError(source + ": spec is missing (the model's fields); export it again");
    result = {HfClass::Isoloss, model_of_fields(config.at("spec"), source), 0};
  } else if (type == "gpt2") {
    result = {HfClass::Gpt2, gpt2_spec(reader), reader.value<std::int32_t>("bos_token_id", 50256)};
  } else if (type == "llama") {
    result = {HfClass::Llama, llama_spec(reader), reader.value<std::int32_t>("bos_token_id", 1)};
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
