// The shapes that `isoloss bench` times: nanoGPT's three of the performance page, by the number of
// parameters that they give gpt2.
#pragma once
#include <cstdint>
#include <span>
#include <string>
#include <string_view>

#include "model/spec/model_spec.h"

namespace isoloss {

struct BenchSize {
  std::string name;
  std::int64_t layers = 0, d_model = 0, d_head = 0, sequence = 0, vocabulary = 0;
  std::int64_t batch = 0;  // rows of a step
};

std::span<const BenchSize> bench_sizes();

// InputError with the nearest name where there is none such.
const BenchSize& bench_size(std::string_view name);

// The architecture (of the catalogue) at the size.
ModelSpec bench_spec(std::string_view architecture, const BenchSize& size);

// Training FLOPs of a token with half the attention, as causal work: of the exact count
// (model/cost/flops.h) the attention's products count for half, the rest in full.
double causal_flops_per_token(const ModelSpec& spec);

}  // namespace isoloss
