// What the tests that hold for all models run over: the architectures of the catalogue, a small
// transformer with every value of every switch, and combinations of those that work together.
// every_spec_test.cpp fails where a value is in none of them.
#pragma once
#include <gtest/gtest.h>

#include <algorithm>
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

inline std::vector<NamedSpec> changed_transformers(const std::vector<SpecChanges>& changes) {
  std::vector<NamedSpec> specs;
  for (const SpecChanges& change : changes) specs.push_back(changed_spec("transformer", change));
  return specs;
}

inline const std::vector<std::string>& choices_of(const std::string& name) {
  return std::ranges::find(spec_fields(), name, &SpecField::name)->choices;
}

inline std::vector<NamedSpec> switch_specs() {
  std::vector<SpecChanges> changes;
  for (const std::string& activation : choices_of("activation"))
    if (activation != "relu" && activation != "gelu")  // the catalogue has these
      changes.push_back({{"activation", activation}});
  for (const std::string& on : choices_of("convolution_on"))
    if (on != "qkv") changes.push_back({{"convolution_width", "3"}, {"convolution_on", on}});
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
      {{"positions", "rotary"}, {"rotary_base", "500"}},
      {{"positions", "rotary"}, {"kv_heads", "1"}, {"shared_qk", "false"}},
      {{"positions", "none"}},
      {{"tied", "false"}},
      {{"output_scale", "false"}},
      {{"d_ff", "0"}, {"d_ff_ratio", "1.5"}},
      {{"relative_buckets", "8"}, {"relative_max_distance", "16"}},
  };
  changes.insert(changes.end(), std::begin(more), std::end(more));
  return changed_transformers(changes);
}

// Switches that meet in one formula: a gate and its activation; which of Q, K, V are convolved, by
// which filter and where; positions and what stands before them.
inline std::vector<NamedSpec> combined_specs() {
  std::vector<SpecChanges> changes;
  for (const std::string& activation : choices_of("activation"))
    changes.push_back({{"activation", activation}, {"gated", "true"}});
  const SpecChanges filters[] = {
      {}, {{"convolution_shared", "true"}}, {{"convolution_place", "before_projection"}}};
  for (const SpecChanges& filter : filters)
    for (const std::string& on : choices_of("convolution_on")) {
      changes.push_back({{"convolution_width", "3"}, {"convolution_on", on}});
      changes.back().insert(changes.back().end(), filter.begin(), filter.end());
    }
  const SpecChanges more[] = {
      {{"feed_forward_bias", "in"}, {"gated", "true"}},
      {{"d_ff", "0"}, {"d_ff_gated", "0"}, {"d_ff_ratio", "2.5"}, {"gated", "true"}},
      {{"norm", "rms"}, {"norm_placement", "both"}},
      {{"norm", "primer"}, {"norm_placement", "both"}},
      {{"norm", "primer"}, {"norm_placement", "post"}},
      {{"convolution_width", "3"}, {"convolution_shared", "true"}, {"kv_heads", "1"}},
      {{"convolution_width", "3"}, {"convolution_place", "before_projection"}, {"kv_heads", "1"}},
      {{"convolution_width", "3"}, {"convolution_shared", "true"}, {"shared_qk", "true"}},
      {{"convolution_width", "3"},
       {"convolution_place", "before_projection"},
       {"shared_qk", "per_head"}},
      {{"convolution_width", "3"}, {"positions", "rotary"}, {"rotary_base", "500"}},
      {{"shared_qk", "true"}, {"positions", "rotary"}},
      {{"heads", "6"}, {"kv_heads", "2"}},
      {{"heads", "6"}, {"kv_heads", "3"}, {"attention_bias", "true"}},
      {{"relative_buckets", "4"}, {"relative_max_distance", "5"}, {"kv_heads", "1"}},
      {{"tied", "false"}, {"positions", "learned"}},
  };
  changes.insert(changes.end(), std::begin(more), std::end(more));
  return changed_transformers(changes);
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
