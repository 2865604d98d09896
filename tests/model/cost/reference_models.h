// The models whose speed on one GPU is asked for, in the shapes in which others published theirs.
#pragma once
#include <stdexcept>
#include <string>
#include <vector>

#include "model/cost/step_kernels.h"
#include "model/spec/catalogue.h"

namespace isoloss {

struct ReferenceModel {
  std::string name;
  ModelSpec spec;
  OneGpuStep shape;
  double asked = 0;  // tokens per second of one H100 or H200; 0: none
};

// GPT-2's sizes (Radford et al. 2019), vocabulary 50257, steps of 524,288 tokens as llm.c takes
// them; primer-ez in the smallest of them; and a model of 1 M parameters, of which eight share a
// GPU.
inline std::vector<ReferenceModel> reference_models() {
  const auto model = [](const char* architecture, std::int64_t layers, std::int64_t d_model) {
    ModelSpec spec = named_architecture(architecture);
    spec.layers = layers;
    spec.d_model = d_model;
    spec.d_head = 64;
    spec.d_ff = 4 * d_model;
    spec.sequence = 1024;
    spec.vocabulary = 50257;
    return spec;
  };
  ModelSpec small = model("gpt2", 4, 128);
  small.d_head = 32;
  small.sequence = 256;
  small.vocabulary = 1024;
  return {{"gpt2 124M", model("gpt2", 12, 768), {524288, 8, true}, 460e3},
          {"primer-ez of that shape", model("primer-ez", 12, 768), {524288, 8, true}, 430e3},
          {"gpt2 1M", small, {4096, 1, true}, 0},
          {"gpt2 1.5B", model("gpt2", 48, 1600), {524288, 64, true}, 52e3}};
}

// What is asked of packing: how many trials of which model, and how many times as fast as one
// after the other.
inline constexpr int kPackedTrials = 8;
inline constexpr const char* kPackedModel = "gpt2 1M";
inline constexpr double kPackingAsked = 4;

inline ReferenceModel reference_model(const std::string& name) {
  for (const ReferenceModel& model : reference_models())
    if (model.name == name) return model;
  throw std::logic_error("'" + name + "' is not a reference model");
}

}  // namespace isoloss
