// Models that are small enough for the emulator, with widths that the kernels take.
#pragma once
#include <cmath>
#include <cstdint>
#include <string>
#include <vector>

#include "model/spec/catalogue.h"
#include "model/spec/parameters.h"

namespace isoloss {

inline ModelSpec tiny_spec(const std::string& architecture) {
  ModelSpec spec = named_architecture(architecture);
  spec.layers = 2;
  spec.d_model = 16;
  spec.d_head = 8;
  spec.d_ff = 32;
  spec.d_ff_gated = 24;
  spec.sequence = 11;
  spec.vocabulary = 43;  // no multiple of 8, as GPT-2's is none
  spec.relative_buckets = 8;
  spec.relative_max_distance = 10;
  return spec;
}

// Ids of `rows` rows, some of which come several times.
inline std::vector<std::int32_t> tiny_tokens(const ModelSpec& spec, std::int64_t rows, int salt) {
  std::vector<std::int32_t> tokens(static_cast<std::size_t>(rows * spec.sequence));
  for (std::size_t i = 0; i < tokens.size(); ++i)
    tokens[i] = static_cast<std::int32_t>((i * i + 5 * i + static_cast<std::size_t>(salt)) %
                                          static_cast<std::size_t>(spec.vocabulary));
  return tokens;
}

// Weights of which none is zero, so that every branch and bias matters.
inline std::vector<float> tiny_weights(const ParameterTable& table) {
  std::vector<float> weights(static_cast<std::size_t>(table.buffer_size), 0.0F);
  for (std::size_t n = 0; n < table.parameters.size(); ++n) {
    const Parameter& p = table.parameters[n];
    const double base = p.name.ends_with(".scale") ? 1.0 : 0.0;
    for (std::int64_t i = 0; i < p.size(); ++i)
      weights[static_cast<std::size_t>(p.offset + i)] = static_cast<float>(
          base + 0.3 * std::sin(1 + 0.37 * static_cast<double>(n) + 0.91 * static_cast<double>(i)));
  }
  return weights;
}

}  // namespace isoloss
