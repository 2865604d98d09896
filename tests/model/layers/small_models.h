// Small models that the tests of this room share: sizes are odd on purpose, so that no dimension is
// a multiple of a vector's length.
#pragma once
#include <cmath>
#include <cstdint>
#include <stdexcept>
#include <string>
#include <vector>

#include "model/layers/language_model.h"
#include "model/spec/catalogue.h"

namespace isoloss {

inline ModelSpec formula_spec(const std::string& architecture) {
  ModelSpec spec = named_architecture(architecture);
  spec.layers = 2;
  spec.d_model = 12;
  spec.d_head = 4;
  spec.d_ff = 20;
  spec.d_ff_gated = 16;
  spec.sequence = 37;
  spec.vocabulary = 29;
  return spec;
}

// Two rows of 37.
inline std::vector<std::int32_t> formula_tokens() {
  std::vector<std::int32_t> tokens(74);
  for (std::int32_t i = 0; i < 74; ++i)
    tokens[static_cast<std::size_t>(i)] = (i * i + 3 * i + 1) % 29;
  return tokens;
}

// The weights of reference_numpy.py; float64 models only.
inline void set_formula_weights(LanguageModel& model) {
  const auto& parameters = model.table().parameters;
  for (std::size_t n = 0; n < parameters.size(); ++n) {
    const double base = parameters[n].name.ends_with(".scale") ? 1.0 : 0.0;
    for (std::int64_t i = 0; i < parameters[n].size(); ++i)
      model.weights64()[static_cast<std::size_t>(parameters[n].offset + i)] =
          base + 0.3 * std::sin(1 + 0.37 * static_cast<double>(n) + 0.91 * static_cast<double>(i));
  }
}

inline const Parameter& parameter_named(const LanguageModel& model, const std::string& name) {
  for (const Parameter& p : model.table().parameters)
    if (p.name == name) return p;
  throw std::out_of_range(name);
}

}  // namespace isoloss
