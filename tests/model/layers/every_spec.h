// What the tests that hold for all models run over: the architectures of the catalogue, and a small
// transformer with every value of every switch.
#pragma once
#include <gtest/gtest.h>

#include <cctype>
#include <ostream>
#include <string>
#include <utility>
#include <vector>

#include "model/spec/spec_fields.h"
#include "tests/model/layers/small_models.h"

namespace isoloss {

struct NamedSpec {
  std::string name;
  ModelSpec spec;
};
inline std::ostream& operator<<(std::ostream& out, const NamedSpec& named) {
  return out << named.name;
}

using SpecChanges = std::vector<std::pair<std::string, std::string>>;

inline NamedSpec changed_spec(const std::string& architecture, const SpecChanges& changes) {
  NamedSpec made{architecture, formula_spec(architecture)};
  for (const auto& [field, value] : changes) {
    set_field(made.spec, field, value);
    made.name += "_" + field + "_" + value;
  }
  for (char& letter : made.name)
    if (!std::isalnum(static_cast<unsigned char>(letter))) letter = '_';
  check(made.spec);
  return made;
}

inline std::vector<NamedSpec> catalogue_specs() {
  std::vector<NamedSpec> specs;
  for (const CatalogueEntry& entry : architectures()) specs.push_back(changed_spec(entry.name, {}));
  return specs;
}

inline std::vector<NamedSpec> switch_specs() {
  std::vector<SpecChanges> changes;
  for (const char* activation :
       {"gelu_erf", "swish", "elu", "selu", "sigmoid", "softplus", "squared_relu", "linear"})
    changes.push_back({{"activation", activation}});
  const SpecChanges more[] = {
      {{"activation", "squared_relu"}, {"gated", "true"}},
      {{"feed_forward_bias", "in"}},
      {{"feed_forward_bias", "false"}, {"gated", "true"}, {"activation", "gelu"}},
      {{"norm", "rms"}},
      {{"norm", "primer"}},
      {{"norm", "none"}, {"rezero", "true"}},
      {{"norm", "rms"}, {"norm_placement", "post"}},
      {{"norm_placement", "post"}},
      {{"norm_placement", "primer"}},
      {{"norm_placement", "both"}},
      {{"rezero", "true"}},
      {{"branch_scale", "2"}},
      {{"token_shift", "true"}},
      {{"heads", "5"}},  // attention wider than the model
      {{"convolution_width", "5"}},
      {{"convolution_width", "3"}, {"convolution_on", "k"}},
      {{"convolution_width", "3"}, {"convolution_shared", "true"}},
      {{"convolution_width", "3"}, {"convolution_place", "before_projection"}},
      {{"shared_qk", "true"}},
      {{"shared_qk", "per_head"}},
      {{"shared_qk", "per_head"}, {"convolution_width", "3"}, {"key_value_scale", "-1.12"}},
      {{"kv_heads", "1"}},
      {{"kv_heads", "1"}, {"convolution_width", "3"}, {"attention_bias", "true"}},
      {{"attention_bias", "true"}},
      {{"attention_bias", "true"}, {"shared_qk", "true"}},
      {{"attention_scale", "run_time"}},
      {{"key_value_scale", "-1.12"}},
      {{"attention_tanh", "true"}},
      {{"positions", "learned"}},
      {{"positions", "sinusoidal"}},
      {{"positions", "rotary"}},
      {{"positions", "rotary"}, {"kv_heads", "1"}, {"shared_qk", "false"}},
      {{"positions", "none"}},
      {{"tied", "false"}},
      {{"output_scale", "false"}},
  };
  changes.insert(changes.end(), std::begin(more), std::end(more));
  std::vector<NamedSpec> specs;
  for (const SpecChanges& change : changes) specs.push_back(changed_spec("transformer", change));
  return specs;
}

// The catalogue, and mixtures of fused switches that no entry of it has.
inline std::vector<NamedSpec> every_spec() {
  std::vector<NamedSpec> specs = catalogue_specs();
  specs.push_back(
      changed_spec("transformer", {{"activation", "gelu"}, {"convolution_width", "5"}}));
  specs.push_back(changed_spec(
      "primer",
      {{"activation", "gelu"}, {"gated", "true"}, {"norm", "rms"}, {"convolution_width", "0"}}));
  specs.push_back(changed_spec(
      "transformer", {{"activation", "linear"}, {"heads", "5"}, {"convolution_width", "1"}}));
  return specs;
}

// Of a test over (specification, kernels) or specification alone.
struct SpecTestName {
  template <typename Parameters>
  std::string operator()(const testing::TestParamInfo<Parameters>& info) const {
    if constexpr (requires { info.param.name; })
      return info.param.name;
    else
      return std::get<0>(info.param).name +
             (std::get<1>(info.param) == Kernels::Fused ? "_fused" : "_plain");
  }
};

}  // namespace isoloss
