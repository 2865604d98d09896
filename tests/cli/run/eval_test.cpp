// `isoloss eval` and `isoloss export` from outside: a model whose loss is known by hand, and bad
// usage.
#include <gtest/gtest.h>

#include <nlohmann/json.hpp>
#include <string>

#include "tests/cli/program.h"

namespace isoloss {
namespace {

using test::Outcome;
using test::Scratch;
using test::spill;

// A Llama of one layer, width 2 and one head over bytes, every weight zero: each byte has
// probability 1 / 256.
void write_uniform_llama(const std::filesystem::path& folder) {
  spill(folder / "config.json",
        R"({"model_type":"llama","vocab_size":256,"hidden_size":2,"intermediate_size":2,
            "num_hidden_layers":1,"num_attention_heads":1,"max_position_embeddings":8,
            "bos_token_id":0,"isoloss":{"tokenizer":"bytes"}})");
  nlohmann::json header;
  std::size_t end = 0;
  const auto add = [&](const std::string& name, std::vector<std::size_t> shape) {
    const std::size_t first = end;
    end += 4 * shape[0] * (shape.size() > 1 ? shape[1] : 1);
    header[name] = {{"dtype", "F32"}, {"shape", shape}, {"data_offsets", {first, end}}};
  };
  for (const char* name : {"model.embed_tokens.weight", "lm_head.weight"}) add(name, {256, 2});
  for (const char* name : {"model.norm.weight", "model.layers.0.input_layernorm.weight",
                           "model.layers.0.post_attention_layernorm.weight"})
    add(name, {2});
  for (const char* name : {"self_attn.q_proj", "self_attn.k_proj", "self_attn.v_proj",
                           "self_attn.o_proj", "mlp.gate_proj", "mlp.up_proj", "mlp.down_proj"})
    add("model.layers.0." + std::string(name) + ".weight", {2, 2});
  const std::string text = header.dump();
  const std::uint64_t length = text.size();
  spill(folder / "model.safetensors",
        std::string(reinterpret_cast<const char*>(&length), 8) + text + std::string(end, '\0'));
}

// ln 256 nats for each byte are eight bits.
TEST(Eval, AUniformModelOverBytesHasEightBitsPerByte) {
  const Scratch scratch;
  write_uniform_llama(scratch / "model");
  spill(scratch / "text.txt", "nineteen bytes here");
  const Outcome outcome =
      test::isoloss("eval --model hf:model --text text.txt --json", scratch.path());
  ASSERT_EQ(outcome.status, 0) << outcome.err;
  const auto json = nlohmann::json::parse(outcome.out);
  EXPECT_EQ(json["tokens"], 19);
  EXPECT_NEAR(json["loss"].get<double>(), 5.545177444479562, 1e-12);
  EXPECT_NEAR(json["bits_per_byte"].get<double>(), 8, 1e-12);
}

TEST(Eval, BadUsageIsRefusedWithWhatToDo) {
  const Scratch scratch;
  write_uniform_llama(scratch / "model");
  spill(scratch / "odd.bin", "12345");
  spill(scratch / "high.bin", std::string("\x00\x01\x00\x00", 4));
  const struct {
    const char* arguments;
    const char* problem;
  } cases[] = {
      {"eval --model model --text t", "give hf:FOLDER"},
      {"eval --model hf:model", "--text or --tokens is wanted"},
      {"eval --model hf:model --tokens odd.bin", "odd.bin has 5 bytes"},
      {"eval --model hf:model --tokens high.bin", "token 256 is outside the vocabulary of 256"},
      {"export somewhere --to safetensor", "did you mean 'safetensors'"},
      {"export somewhere --to hf", "somewhere is no run"},
  };
  for (const auto& [arguments, problem] : cases) {
    const Outcome outcome = test::isoloss(arguments, scratch.path());
    EXPECT_EQ(outcome.status, 2) << arguments;
    EXPECT_NE(outcome.err.find(problem), std::string::npos) << arguments << ": " << outcome.err;
    EXPECT_EQ(outcome.out, "") << arguments;
  }
}

}  // namespace
}  // namespace isoloss
