#include "model/spec/parameters.h"

#include <cmath>
#include <functional>
#include <numeric>
#include <utility>

namespace isoloss {
namespace {

constexpr std::int64_t kAlignment = 16;

class Builder {
 public:
  explicit Builder(const ModelSpec& spec) : spec_(spec) {}

  ParameterTable build() {
    const std::int64_t d = spec_.d_model;
    add("embedding", {spec_.vocabulary, d}, Initializer::Normal, 1.0, 0).decays = true;
    const std::int64_t heads = head_count(spec_);
    // Not given in the released code; Lingvo's port draws it with deviation (heads * buckets)^-1/2.
    add("relative_bias", {heads, spec_.relative_buckets}, Initializer::Normal,
        1.0 / std::sqrt(static_cast<double>(heads * spec_.relative_buckets)), 0);
    for (std::int64_t i = 0; i < spec_.layers; ++i) {
      prefix_ = "layers." + std::to_string(i) + ".";
      attention();
      feed_forward();
    }
    prefix_.clear();
    norm("final_norm");
    table_.buffer_size = aligned(table_.buffer_size);
    return std::move(table_);
  }

 private:
  static std::int64_t aligned(std::int64_t n) {
    return (n + kAlignment - 1) / kAlignment * kAlignment;
  }

  Parameter& add(const std::string& name, std::vector<std::int64_t> shape, Initializer initializer,
                 double value, int tensor_axis, bool adjacent = false) {
    Parameter p{prefix_ + name, std::move(shape),
                initializer,    value,
                false,          tensor_axis,
                adjacent,       adjacent ? table_.buffer_size : aligned(table_.buffer_size)};
    table_.buffer_size = p.offset + p.size();
    table_.parameters.push_back(std::move(p));
    return table_.parameters.back();
  }

  void norm(const std::string& name) {
    add(name + ".scale", {spec_.d_model}, Initializer::Constant, 1.0, -1);
    if (spec_.norm != Norm::Rms) add(name + ".bias", {spec_.d_model}, Initializer::Constant, 0, -1);
  }

  // The scaling of logits is folded into the initialisers (fold_scaling_into_initializer).
  void attention() {
    const std::int64_t d = spec_.d_model;
    const std::int64_t width = attention_width(spec_);
    const double fan_in = 1.0 / std::sqrt(static_cast<double>(d));
    const double folded = 1.0 / std::sqrt(static_cast<double>(d * spec_.d_head));
    norm("attention.norm");
    const auto projection = [&](const char* name, double deviation, bool adjacent) {
      add(name, {width, d}, Initializer::Normal, deviation, 0, adjacent).decays = true;
    };
    if (spec_.shared_qk) {
      projection("attention.key", folded, false);
      projection("attention.value", fan_in, true);
      add("attention.query_from_key", {width, width}, Initializer::TruncatedNormal,
          1.0 / std::sqrt(static_cast<double>(width)), 0)
          .decays = true;
    } else {
      projection("attention.query", folded, false);
      projection("attention.key", fan_in, true);
      projection("attention.value", fan_in, true);
    }
    bool first = true;
    for (const char* part : {"query", "key", "value"}) {
      if (spec_.shared_qk && part == std::string("query")) continue;
      for (std::int64_t tap = 0; tap < spec_.convolution_width; ++tap) {
        // 0.5 on the present step, 0.5 / width on the past ones (released code, mdha).
        add("attention." + std::string(part) + "_convolution." + std::to_string(tap), {width},
            Initializer::Constant,
            tap == 0 ? 0.5 : 0.5 / static_cast<double>(spec_.convolution_width), 0, !first);
        first = false;
      }
    }
    add("attention.output", {d, width}, Initializer::Normal,
        1.0 / std::sqrt(static_cast<double>(width)), 1)
        .decays = true;
  }

  void feed_forward() {
    const std::int64_t d = spec_.d_model;
    const std::int64_t hidden = feed_forward_width(spec_);
    const double into = 1.0 / std::sqrt(static_cast<double>(d));
    norm("feed_forward.norm");
    const auto matrix = [&](const char* name, double deviation, std::vector<std::int64_t> shape,
                            int axis, bool adjacent) {
      add(name, std::move(shape), Initializer::TruncatedNormal, deviation, axis, adjacent).decays =
          true;
    };
    if (spec_.gated) matrix("feed_forward.gate", into, {hidden, d}, 0, false);
    matrix("feed_forward.in", into, {hidden, d}, 0, spec_.gated);
    if (spec_.gated) add("feed_forward.gate_bias", {hidden}, Initializer::Constant, 0, 0);
    add("feed_forward.in_bias", {hidden}, Initializer::Constant, 0, 0, spec_.gated);
    matrix("feed_forward.out", 1.0 / std::sqrt(static_cast<double>(hidden)), {d, hidden}, 1, false);
    add("feed_forward.out_bias", {d}, Initializer::Constant, 0, -1);
  }

  const ModelSpec& spec_;
  std::string prefix_;
  ParameterTable table_;
};

}  // namespace

std::int64_t Parameter::size() const {
  return std::accumulate(shape.begin(), shape.end(), std::int64_t{1}, std::multiplies<>());
}

ParameterTable parameter_table(const ModelSpec& spec) { return Builder(spec).build(); }

ParameterCounts count_parameters(const ModelSpec& spec) {
  ParameterCounts counts;
  for (const Parameter& p : parameter_table(spec).parameters) {
    counts.total += p.size();
    if (p.name == "embedding") counts.embedding += p.size();
  }
  counts.non_embedding = counts.total - counts.embedding;
  counts.activated = counts.total;
  return counts;
}

}  // namespace isoloss
