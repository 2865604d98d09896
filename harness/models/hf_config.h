// A model as a config.json of the transformers library says it. GPT-2's and Llama's own
// configurations where the model is exactly theirs; for everything else ours, which carries the
// spec's fields and is read by the modelling file in harness/huggingface.
#pragma once
#include <cstdint>
#include <nlohmann/json.hpp>
#include <string>

#include "model/spec/model_spec.h"

namespace isoloss {

enum class HfClass { Gpt2, Llama, Isoloss };

// What a config.json asks for.
struct HfConfig {
  HfClass kind = HfClass::Isoloss;
  ModelSpec spec;
  std::int32_t first_id = 0;  // what the model reads before the first token
};

// The class whose configuration says everything about the model.
HfClass hf_class(const ModelSpec& spec);
nlohmann::ordered_json hf_config_json(const ModelSpec& spec);

// InputError naming `source` and the key: another type of model, or one that asks for what isoloss
// lacks (rotary scaling, layer-wise attention scales, quantised weights, ...).
HfConfig read_hf_config(const nlohmann::ordered_json& config, const std::string& source);

}  // namespace isoloss
