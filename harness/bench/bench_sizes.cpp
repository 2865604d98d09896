#include "harness/bench/bench_sizes.h"

#include <vector>

#include "model/cost/flops.h"
#include "model/spec/catalogue.h"
#include "model/spec/error.h"
#include "model/spec/nearest_name.h"

namespace isoloss {

std::span<const BenchSize> bench_sizes() {
  static const std::vector<BenchSize> sizes = {
      {"0.8M", 4, 128, 32, 64, 65, 12},
      {"10.7M", 6, 384, 64, 256, 65, 8},
      {"23M", 6, 512, 64, 256, 8192, 8},
  };
  return sizes;
}

const BenchSize& bench_size(std::string_view name) {
  std::vector<std::string> names;
  for (const BenchSize& size : bench_sizes()) {
    if (size.name == name) return size;
    names.push_back(size.name);
  }
  throw InputError("'" + std::string(name) +
                   "' is not a size of bench (they are 0.8M, 10.7M and 23M)" +
                   suggestion(name, names));
}

ModelSpec bench_spec(std::string_view architecture, const BenchSize& size) {
  ModelSpec spec = named_architecture(architecture);
  spec.size = size.name;
  spec.layers = size.layers;
  spec.d_model = size.d_model;
  spec.d_head = size.d_head;
  spec.sequence = size.sequence;
  spec.vocabulary = size.vocabulary;
  check(spec);
  return spec;
}

double causal_flops_per_token(const ModelSpec& spec) {
  double flops = 0;
  for (const auto& [part, value] : by_part(spec)) flops += part == "attention" ? value / 2 : value;
  return flops;
}

}  // namespace isoloss
