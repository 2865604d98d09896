#include "model/cost/flops.h"

#include <map>

#include "model/cost/work_list.h"
#include "model/spec/parameters.h"

namespace isoloss {

FlopsPerToken flops_per_token(const ModelSpec& spec) {
  const auto real = [](std::int64_t n) { return static_cast<double>(n); };
  const double s = real(spec.sequence);
  const double d = real(spec.d_model);
  const double width = real(attention_width(spec));
  const double layers = real(spec.layers);
  const double v = real(spec.vocabulary);
  const ParameterCounts n = count_parameters(spec);

  FlopsPerToken flops;
  double multiply_adds = 0;
  for (const Product& product : work_list(spec)) multiply_adds += product.multiply_adds();
  flops.exact = 6.0 * multiply_adds / s;
  flops.six_n = 6.0 * real(n.total);
  flops.six_n_non_embedding = 6.0 * real(n.non_embedding);
  flops.six_n_plus_attention = flops.six_n + 6.0 * layers * s * width;
  const double attention = 2.0 * d * (width + 2.0 * real(kv_width(spec))) + 2.0 * s * width +
                           3.0 * real(head_count(spec)) * s + 2.0 * s * width + 2.0 * width * d;
  const double dense = (spec.gated ? 6.0 : 4.0) * d * real(feed_forward_width(spec));
  flops.chinchilla = 3.0 * (2.0 * v * d + layers * (attention + dense) + 2.0 * d * v);
  return flops;
}

std::vector<std::pair<std::string, double>> by_convention(const FlopsPerToken& flops) {
  return {{"exact", flops.exact},
          {"6N", flops.six_n},
          {"6N_non_embedding", flops.six_n_non_embedding},
          {"6N_plus_attention", flops.six_n_plus_attention},
          {"chinchilla", flops.chinchilla}};
}

std::vector<std::pair<std::string, double>> by_part(const ModelSpec& spec) {
  static const std::map<std::string, std::string> groups = {{"attention.projection", "projection"},
                                                            {"attention.output", "projection"},
                                                            {"convolution", "convolution"},
                                                            {"attention.logits", "attention"},
                                                            {"attention.values", "attention"},
                                                            {"feed_forward", "feed_forward"},
                                                            {"head", "head"}};
  std::vector<std::pair<std::string, double>> parts = {
      {"projection", 0}, {"convolution", 0}, {"attention", 0}, {"feed_forward", 0}, {"head", 0}};
  for (const Product& product : work_list(spec))
    for (auto& [name, flops] : parts)
      if (name == groups.at(product.part))
        flops += 6.0 * product.multiply_adds() / static_cast<double>(spec.sequence);
  return parts;
}

}  // namespace isoloss
