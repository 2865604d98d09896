#include "harness/models/hf_tensors.h"

#include <algorithm>
#include <set>
#include <span>
#include <string_view>

namespace isoloss {
namespace {

struct Name {
  std::string_view theirs;
  std::vector<std::string_view> ours;
  bool turned = false;
};

// GPT2LMHeadModel. Conv1D holds [in, out]; Q, K and V are one product.
const std::vector<Name>& gpt2_ends() {
  static const std::vector<Name> names = {
      {"transformer.wte.weight", {"embedding"}},
      {"transformer.wpe.weight", {"position_embedding"}},
      {"transformer.ln_f.weight", {"final_norm.scale"}},
      {"transformer.ln_f.bias", {"final_norm.bias"}},
      {"lm_head.weight", {"output"}},
  };
  return names;
}

const std::vector<Name>& gpt2_layer() {
  static const std::vector<Name> names = {
      {"ln_1.weight", {"attention.norm.scale"}},
      {"ln_1.bias", {"attention.norm.bias"}},
      {"attn.c_attn.weight", {"attention.query", "attention.key", "attention.value"}, true},
      {"attn.c_attn.bias", {"attention.query_bias", "attention.key_bias", "attention.value_bias"}},
      {"attn.c_proj.weight", {"attention.output"}, true},
      {"attn.c_proj.bias", {"attention.output_bias"}},
      {"ln_2.weight", {"feed_forward.norm.scale"}},
      {"ln_2.bias", {"feed_forward.norm.bias"}},
      {"mlp.c_fc.weight", {"feed_forward.in"}, true},
      {"mlp.c_fc.bias", {"feed_forward.in_bias"}},
      {"mlp.c_proj.weight", {"feed_forward.out"}, true},
      {"mlp.c_proj.bias", {"feed_forward.out_bias"}},
  };
  return names;
}

// LlamaForCausalLM: Linear holds [out, in] as the table does.
const std::vector<Name>& llama_ends() {
  static const std::vector<Name> names = {
      {"model.embed_tokens.weight", {"embedding"}},
      {"model.norm.weight", {"final_norm.scale"}},
      {"lm_head.weight", {"output"}},
  };
  return names;
}

const std::vector<Name>& llama_layer() {
  static const std::vector<Name> names = {
      {"input_layernorm.weight", {"attention.norm.scale"}},
      {"self_attn.q_proj.weight", {"attention.query"}},
      {"self_attn.k_proj.weight", {"attention.key"}},
      {"self_attn.v_proj.weight", {"attention.value"}},
      {"self_attn.o_proj.weight", {"attention.output"}},
      {"self_attn.q_proj.bias", {"attention.query_bias"}},
      {"self_attn.k_proj.bias", {"attention.key_bias"}},
      {"self_attn.v_proj.bias", {"attention.value_bias"}},
      {"self_attn.o_proj.bias", {"attention.output_bias"}},
      {"post_attention_layernorm.weight", {"feed_forward.norm.scale"}},
      {"mlp.gate_proj.weight", {"feed_forward.gate"}},
      {"mlp.up_proj.weight", {"feed_forward.in"}},
      {"mlp.down_proj.weight", {"feed_forward.out"}},
      {"mlp.gate_proj.bias", {"feed_forward.gate_bias"}},
      {"mlp.up_proj.bias", {"feed_forward.in_bias"}},
      {"mlp.down_proj.bias", {"feed_forward.out_bias"}},
  };
  return names;
}

// Adds the names whose tensors the table has.
void add(std::vector<HfTensor>& list, std::span<const Name> names, const std::string& theirs,
         const std::string& ours, const std::set<std::string>& known) {
  for (const Name& name : names) {
    HfTensor tensor{theirs + std::string(name.theirs), {}, name.turned};
    for (const std::string_view part : name.ours) tensor.ours.push_back(ours + std::string(part));
    if (known.contains(tensor.ours.front())) list.push_back(std::move(tensor));
  }
}

std::vector<const Parameter*> parts(const HfTensor& tensor, const ParameterTable& table) {
  std::vector<const Parameter*> list;
  for (const std::string& name : tensor.ours)
    list.push_back(&*std::ranges::find(table.parameters, name, &Parameter::name));
  return list;
}

}  // namespace

std::vector<HfTensor> hf_tensors(HfClass kind, const ParameterTable& table) {
  std::vector<HfTensor> list;
  std::set<std::string> known;
  for (const Parameter& p : table.parameters) known.insert(p.name);
  if (kind == HfClass::Isoloss) {
    for (const Parameter& p : table.parameters) list.push_back({p.name, {p.name}, false});
    return list;
  }
  const bool gpt2 = kind == HfClass::Gpt2;
  add(list, gpt2 ? gpt2_ends() : llama_ends(), "", "", known);
  for (int i = 0; known.contains("layers." + std::to_string(i) + ".attention.output"); ++i)
    add(list, gpt2 ? gpt2_layer() : llama_layer(),
        (gpt2 ? "transformer.h." : "model.layers.") + std::to_string(i) + ".",
        "layers." + std::to_string(i) + ".", known);
  return list;
}

std::vector<std::int64_t> hf_shape(const HfTensor& tensor, const ParameterTable& table) {
  const auto ours = parts(tensor, table);
  std::vector<std::int64_t> shape = ours.front()->shape;
  for (std::size_t i = 1; i < ours.size(); ++i) shape[0] += ours[i]->shape[0];
  if (tensor.turned) std::swap(shape[0], shape[1]);
  return shape;
}

void visit_elements(const HfTensor& tensor, const ParameterTable& table,
                    const std::function<void(std::size_t, std::size_t)>& visit) {
  const auto ours = parts(tensor, table);
  std::int64_t rows = 0;
  for (const Parameter* p : ours) rows += p->shape[0];
  std::int64_t above = 0;
  for (const Parameter* p : ours) {
    const std::int64_t width = p->size() / p->shape[0];
    for (std::int64_t row = 0; row < p->shape[0]; ++row)
      for (std::int64_t column = 0; column < width; ++column)
        visit(static_cast<std::size_t>(tensor.turned ? column * rows + above + row
                                                     : (above + row) * width + column),
              static_cast<std::size_t>(p->offset + row * width + column));
    above += p->shape[0];
  }
}

}  // namespace isoloss
