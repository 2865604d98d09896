#include "model/spec/parameters.h"

#include <cmath>
#include <functional>
#include <numeric>
#include <utility>

namespace isoloss {
namespace {

constexpr double kGpt2 = 0.02;  // Radford et al. 2019: every matrix

class Builder {
 public:
  explicit Builder(const ModelSpec& spec) : spec_(spec) {}

  ParameterTable build() {
    const std::int64_t d = spec_.d_model;
    add("embedding", {spec_.vocabulary, d}, Initializer::Normal, gpt2() ? kGpt2 : 1.0, 0).decays =
        true;
    const std::int64_t heads = head_count(spec_);
    // Not given in the released code; Lingvo's port draws it with deviation (heads * buckets)^-1/2.
    if (spec_.positions == Positions::Relative)
      add("relative_bias", {heads, spec_.relative_buckets}, Initializer::Normal,
          1.0 / std::sqrt(static_cast<double>(heads * spec_.relative_buckets)), 0);
    if (spec_.positions == Positions::Learned)
      add("position_embedding", {spec_.sequence, d}, Initializer::Normal, gpt2() ? kGpt2 : 1.0, -1);
    for (std::int64_t i = 0; i < spec_.layers; ++i) {
      prefix_ = "layers." + std::to_string(i) + ".";
      attention();
      feed_forward();
    }
    prefix_.clear();
    if (spec_.norm_placement != NormPlacement::Post) norm("final_norm");
    if (!spec_.tied)
      add("output", {spec_.vocabulary, d}, Initializer::Normal, gpt2() ? kGpt2 : inverse_root(d), 0)
          .decays = true;
    table_.buffer_size = aligned(table_.buffer_size);
    return std::move(table_);
  }

 private:
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

  bool gpt2() const { return spec_.initialization == Initialization::Gpt2; }
  static double inverse_root(std::int64_t n) { return 1.0 / std::sqrt(static_cast<double>(n)); }
  // What writes to the residual stream: GPT-2 shrinks it by the root of the branches that do.
  double written(std::int64_t fan_in) const {
    return gpt2() ? kGpt2 * inverse_root(2 * spec_.layers) : inverse_root(fan_in);
  }

  void norm(const std::string& name) {
    if (spec_.norm == Norm::None) return;
    add(name + ".scale", {spec_.d_model}, Initializer::Constant, 1.0, -1);
    if (spec_.norm != Norm::Rms) add(name + ".bias", {spec_.d_model}, Initializer::Constant, 0, -1);
  }

  void norms(const std::string& name) {
    norm(name + "norm");
    if (spec_.norm_placement == NormPlacement::Both) norm(name + "norm_after");
  }

  void matrix(const std::string& name, Initializer initializer, double deviation,
              std::vector<std::int64_t> shape, int axis, bool adjacent) {
    if (gpt2()) initializer = Initializer::Normal;
    add(name, std::move(shape), initializer, deviation, axis, adjacent).decays = true;
  }

  void attention() {
    const std::int64_t d = spec_.d_model;
    const std::int64_t width = attention_width(spec_);
    norms("attention.");
    // T5 folds the scaling of logits into the initialisers (fold_scaling_into_initializer).
    const double fan_in = gpt2() ? kGpt2 : inverse_root(d);
    const double folded = gpt2() || spec_.attention_scale == AttentionScale::RunTime
                              ? fan_in
                              : inverse_root(d * spec_.d_head);
    const auto projection = [&](const char* name, std::int64_t out, double deviation,
                                bool adjacent) {
      matrix(name, Initializer::Normal, deviation, {out, d}, 0, adjacent);
    };
    if (spec_.shared_qk == SharedQk::No) {
      projection("attention.query", width, folded, false);
      projection("attention.key", kv_width(spec_), fan_in, true);
      projection("attention.value", kv_width(spec_), fan_in, true);
    } else {
      projection("attention.key", width, folded, false);
      projection("attention.value", width, fan_in, true);
      const bool full = spec_.shared_qk == SharedQk::Full;
      const std::int64_t from = full ? width : spec_.d_head;
      const double deviation = gpt2() ? kGpt2 : inverse_root(from);
      matrix("attention.query_from_key", Initializer::TruncatedNormal, deviation,
             full ? std::vector{width, width}
                  : std::vector{head_count(spec_), spec_.d_head, spec_.d_head},
             0, false);
    }
    if (spec_.attention_bias) attention_biases();
    convolutions();
    matrix("attention.output", Initializer::Normal, written(width), {d, width}, 1, false);
    if (spec_.attention_bias) add("attention.output_bias", {d}, Initializer::Constant, 0, -1);
    if (spec_.rezero) add("attention.rezero", {1}, Initializer::Constant, 0, -1);
  }

  void attention_biases() {
    const bool query = spec_.shared_qk == SharedQk::No;
    if (query) add("attention.query_bias", {attention_width(spec_)}, Initializer::Constant, 0, 0);
    add("attention.key_bias", {kv_width(spec_)}, Initializer::Constant, 0, 0, query);
    add("attention.value_bias", {kv_width(spec_)}, Initializer::Constant, 0, 0, true);
  }

  void convolutions() {
    const bool before = spec_.convolution_place == ConvolutionPlace::BeforeProjection;
    bool first = true;
    for (const char* part : {"query", "key", "value"}) {
      if (!has_convolution(spec_, part[0])) continue;
      const std::int64_t channels = before                     ? spec_.d_model
                                    : spec_.convolution_shared ? spec_.d_head
                                    : part[0] == 'q'           ? attention_width(spec_)
                                                               : kv_width(spec_);
      for (std::int64_t tap = 0; tap < spec_.convolution_width; ++tap) {
        // 0.5 on the present step, 0.5 / width on the past ones (released code, mdha).
        add("attention." + std::string(part) + "_convolution." + std::to_string(tap), {channels},
            Initializer::Constant,
            tap == 0 ? 0.5 : 0.5 / static_cast<double>(spec_.convolution_width),
            before || spec_.convolution_shared ? -1 : 0, !first);
        first = false;
      }
    }
  }

  void feed_forward() {
    const std::int64_t d = spec_.d_model;
    const std::int64_t hidden = feed_forward_width(spec_);
    const double into = gpt2() ? kGpt2 : inverse_root(d);
    constexpr auto kTruncated = Initializer::TruncatedNormal;
    norms("feed_forward.");
    if (spec_.gated) matrix("feed_forward.gate", kTruncated, into, {hidden, d}, 0, false);
    matrix("feed_forward.in", kTruncated, into, {hidden, d}, 0, spec_.gated);
    if (spec_.feed_forward_bias != FeedForwardBias::None) {
      if (spec_.gated) add("feed_forward.gate_bias", {hidden}, Initializer::Constant, 0, 0);
      add("feed_forward.in_bias", {hidden}, Initializer::Constant, 0, 0, spec_.gated);
    }
    matrix("feed_forward.out", kTruncated, written(hidden), {d, hidden}, 1, false);
    if (spec_.feed_forward_bias == FeedForwardBias::Both)
      add("feed_forward.out_bias", {d}, Initializer::Constant, 0, -1);
    if (spec_.rezero) add("feed_forward.rezero", {1}, Initializer::Constant, 0, -1);
  }

  const ModelSpec& spec_;
  std::string prefix_;
  ParameterTable table_;
};

}  // namespace

std::int64_t Parameter::size() const {
  return std::accumulate(shape.begin(), shape.end(), std::int64_t{1}, std::multiplies<>());
}

std::int64_t aligned(std::int64_t n) {
  constexpr std::int64_t kAlignment = 16;
  return (n + kAlignment - 1) / kAlignment * kAlignment;
}

ParameterTable parameter_table(const ModelSpec& spec) { return Builder(spec).build(); }

ParameterCounts count_parameters(const ModelSpec& spec) {
  ParameterCounts counts;
  for (const Parameter& p : parameter_table(spec).parameters) {
    counts.total += p.size();
    if (p.name == "embedding" || p.name == "position_embedding") counts.embedding += p.size();
  }
  counts.non_embedding = counts.total - counts.embedding;
  counts.activated = counts.total;
  return counts;
}

}  // namespace isoloss
