// Configurations of public models give those models: the parameter counts that their papers and
// model cards print.
#include "harness/models/hf_config.h"

#include <gtest/gtest.h>

#include <string>

#include "model/spec/catalogue.h"
#include "model/spec/error.h"
#include "model/spec/parameters.h"
#include "tests/model/layers/every_spec.h"

namespace isoloss {
namespace {

using Json = nlohmann::ordered_json;

HfConfig read(const std::string& text) { return read_hf_config(Json::parse(text), "config.json"); }

std::string problem(const std::string& text) {
  try {
    read(text);
  } catch (const InputError& error) {
    return error.what();
  }
  return "none";
}

bool contains(const std::string& text, const std::string& part) {
  return text.find(part) != std::string::npos;
}

// 124,439,808: Radford et al. 2019's smallest as released (wte 50257 x 768, wpe 1024 x 768, twelve
// layers of 7,087,872, and the last norm).
TEST(HfConfig, Gpt2IsTheReleasedModel) {
  const HfConfig config = read(
      R"({"model_type":"gpt2","vocab_size":50257,"n_positions":1024,"n_ctx":1024,"n_embd":768,
          "n_layer":12,"n_head":12,"activation_function":"gelu_new","layer_norm_epsilon":1e-05,
          "bos_token_id":50256,"eos_token_id":50256})");
  EXPECT_EQ(count_parameters(config.spec).total, 124'439'808);
  EXPECT_EQ(config.first_id, 50256);
  EXPECT_EQ(config.spec.d_head, 64);
  EXPECT_EQ(config.kind, HfClass::Gpt2);
}

// 6,738,415,616 for Llama 2 7B, 8,030,261,248 for Llama 3 8B (model cards).
TEST(HfConfig, LlamaIsTheReleasedModelWithGroupedHeadsToo) {
  const HfConfig two = read(
      R"({"model_type":"llama","vocab_size":32000,"hidden_size":4096,"intermediate_size":11008,
          "num_hidden_layers":32,"num_attention_heads":32,"num_key_value_heads":32,
          "max_position_embeddings":4096,"rms_norm_eps":1e-05,"rope_scaling":null,
          "tie_word_embeddings":false,"hidden_act":"silu","bos_token_id":1})");
  EXPECT_EQ(count_parameters(two.spec).total, 6'738'415'616);
  EXPECT_EQ(two.spec.norm_epsilon, 1e-5);
  const HfConfig three = read(
      R"({"model_type":"llama","vocab_size":128256,"hidden_size":4096,"intermediate_size":14336,
          "num_hidden_layers":32,"num_attention_heads":32,"num_key_value_heads":8,
          "max_position_embeddings":8192,"rms_norm_eps":1e-05,"bos_token_id":128000,
          "rope_parameters":{"rope_type":"default","rope_theta":500000.0}})");
  EXPECT_EQ(count_parameters(three.spec).total, 8'030'261'248);
  EXPECT_EQ(three.spec.rotary_base, 500'000);
  EXPECT_EQ(kv_head_count(three.spec), 8);
}

TEST(HfConfig, WhatIsLackingIsRefusedByName) {
  EXPECT_TRUE(contains(problem(R"({"model_type":"llama","rope_scaling":{"rope_type":"llama3"}})"),
                       "rope_scaling of type 'llama3'"));
  EXPECT_TRUE(
      contains(problem(R"({"model_type":"llama","rope_scaling":{"type":"linear"}})"), "'linear'"));
  EXPECT_TRUE(contains(problem(R"({"model_type":"gpt2","scale_attn_by_inverse_layer_idx":true})"),
                       "scale_attn_by_inverse_layer_idx is true"));
  EXPECT_TRUE(contains(problem(R"({"model_type":"gpt2","quantization_config":{"bits":4}})"),
                       "quantization_config"));
  EXPECT_TRUE(contains(problem(R"({"model_type":"gpt2","activation_function":"gelu_neu"})"),
                       "did you mean 'gelu_new'"));
  EXPECT_TRUE(contains(problem(R"({"model_type":"gtp2"})"), "did you mean 'gpt2'"));
  EXPECT_TRUE(contains(problem(R"({"model_type":"gpt2","n_embd":100})"), "n_head is 12"));
  EXPECT_TRUE(
      contains(problem(R"({"model_type":"gpt2","n_layer":"many"})"), "n_layer is \"many\""));
  EXPECT_TRUE(contains(problem(R"({"model_type":"llama","num_key_value_heads":5})"), "kv_heads 5"));
  EXPECT_TRUE(contains(problem(R"({"model_type":"isoloss","spec":{"norms":"rms"}})"),
                       "did you mean 'norm'"));
}

TEST(HfConfig, OnlyModelsThatAreExactlyTheirsTakeAPublicClass) {
  for (const CatalogueEntry& entry : architectures()) {
    const HfClass expected = entry.name == "gpt2"    ? HfClass::Gpt2
                             : entry.name == "llama" ? HfClass::Llama
                                                     : HfClass::Isoloss;
    EXPECT_EQ(hf_class(formula_spec(entry.name)), expected) << entry.name;
  }
  const auto kind = [](const std::string& architecture, const SpecChanges& changes) {
    return hf_class(changed_spec(architecture, changes).spec);
  };
  EXPECT_EQ(kind("llama", {{"kv_heads", "1"}, {"tied", "true"}}), HfClass::Llama);
  EXPECT_EQ(kind("llama", {{"attention_bias", "true"}, {"heads", "2"}}), HfClass::Llama);
  // transformers 5.x, LlamaConfig.validate_architecture: "The hidden size is not a multiple of the
  // number of attention heads", head_dim or not.
  EXPECT_NE(formula_spec("llama").d_model % 5, 0);
  EXPECT_EQ(kind("llama", {{"heads", "5"}}), HfClass::Isoloss);
  EXPECT_EQ(kind("gpt2", {{"tied", "false"}, {"activation", "gelu_erf"}}), HfClass::Gpt2);
  EXPECT_EQ(kind("gpt2", {{"output_scale", "true"}}), HfClass::Isoloss);
  EXPECT_EQ(kind("gpt2", {{"heads", "2"}}), HfClass::Isoloss);
  EXPECT_EQ(kind("gpt2", {{"kv_heads", "1"}}), HfClass::Isoloss);
  EXPECT_EQ(kind("gpt2", {{"activation", "softplus"}}), HfClass::Isoloss);
  EXPECT_EQ(kind("llama", {{"positions", "relative"}}), HfClass::Isoloss);
  EXPECT_EQ(kind("llama", {{"token_shift", "true"}}), HfClass::Isoloss);
}

TEST(HfConfig, NamesOfACustomArchitectureSurviveLooksOfOtherTypes) {
  ModelSpec spec = formula_spec("primer");
  spec.architecture = "123";
  spec.size = "1e5";
  EXPECT_EQ(read_hf_config(hf_config_json(spec), "config.json").spec.architecture, "123");
}

}  // namespace
}  // namespace isoloss
