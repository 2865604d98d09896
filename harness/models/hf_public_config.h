// The configurations of transformers' own GPT2LMHeadModel (Radford et al. 2019) and
// LlamaForCausalLM (Touvron et al. 2023) as specs, and specs as them. Keys that a config leaves out
// have the class's defaults.
#pragma once
#include <nlohmann/json.hpp>

#include "harness/models/hf_keys.h"
#include "model/spec/model_spec.h"

namespace isoloss {

// InputError naming the key where a config asks for what isoloss lacks.
ModelSpec gpt2_spec(const HfKeys& config);
ModelSpec llama_spec(const HfKeys& config);

// What the class can say of the spec: reading it back shows whether that is all (hf_class).
nlohmann::ordered_json gpt2_json(const ModelSpec& spec);
nlohmann::ordered_json llama_json(const ModelSpec& spec);

}  // namespace isoloss
