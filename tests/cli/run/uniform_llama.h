// A model that knows nothing, as a folder that `--model hf:FOLDER` reads.
#pragma once
#include <cstdint>
#include <filesystem>
#include <nlohmann/json.hpp>
#include <string>
#include <vector>

#include "tests/cli/program.h"

namespace isoloss::test {

// A Llama of one layer, width 2 and one head over bytes, every weight zero: each byte has
// probability 1 / 256.
inline void write_uniform_llama(const std::filesystem::path& folder, int sequence = 8) {
  spill(folder / "config.json",
        R"({"model_type":"llama","vocab_size":256,"hidden_size":2,"intermediate_size":2,
            "num_hidden_layers":1,"num_attention_heads":1,"max_position_embeddings":)" +
            std::to_string(sequence) + R"(,"bos_token_id":0,"isoloss":{"tokenizer":"bytes"}})");
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

}  // namespace isoloss::test
