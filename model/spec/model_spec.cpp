#include "model/spec/model_spec.h"

#include <algorithm>
#include <cmath>

#include "model/spec/catalogue.h"
#include "model/spec/error.h"

namespace isoloss {

std::int64_t head_count(const ModelSpec& spec) {
  return spec.heads > 0 ? spec.heads : spec.d_model / spec.d_head;
}

std::int64_t attention_width(const ModelSpec& spec) { return head_count(spec) * spec.d_head; }

std::int64_t kv_head_count(const ModelSpec& spec) {
  return spec.kv_heads > 0 ? spec.kv_heads : head_count(spec);
}

std::int64_t kv_width(const ModelSpec& spec) { return kv_head_count(spec) * spec.d_head; }

bool has_convolution(const ModelSpec& spec, char part) {
  if (spec.convolution_width == 0) return false;
  if (part == 'q' && spec.shared_qk != SharedQk::No) return false;
  return spec.convolution_on.find(part) != std::string::npos;
}

std::int64_t feed_forward_width(const ModelSpec& spec) {
  const std::int64_t plain =
      spec.d_ff > 0 ? spec.d_ff : std::llround(spec.d_ff_ratio * static_cast<double>(spec.d_model));
  if (!spec.gated) return plain;
  if (spec.d_ff_gated > 0) return spec.d_ff_gated;
  return (2 * plain + 6) / 12 * 4;
}

namespace {

// Where queries are made of keys they have no filter of their own, so that sets with q and without
// it are one model. It is spelled as the architecture of the catalogue spells it, else with q.
void spell_convolution(ModelSpec& spec) {
  const auto without_q = [](std::string on) {
    std::erase(on, 'q');
    return on;
  };
  const std::string on = without_q(spec.convolution_on);
  if (on.empty()) {
    spec.convolution_width = 0;
    return;
  }
  spec.convolution_on = "q" + on;
  for (const CatalogueEntry& entry : architectures())
    if (entry.name == spec.architecture) {
      const std::string own = named_architecture(entry.name).convolution_on;
      if (without_q(own) == on) spec.convolution_on = own;
    }
}

}  // namespace

ModelSpec resolved(ModelSpec spec) {
  ModelSpec other = spec;
  other.gated = !spec.gated;
  const std::int64_t own = feed_forward_width(spec);
  const std::int64_t others = feed_forward_width(other);
  spec.d_ff = spec.gated ? others : own;
  spec.d_ff_gated = spec.gated ? own : others;
  spec.d_ff_ratio = ModelSpec{}.d_ff_ratio;
  if (kv_head_count(spec) == head_count(spec)) spec.kv_heads = 0;
  const ModelSpec defaults;
  if (spec.shared_qk != SharedQk::No && spec.convolution_width > 0) spell_convolution(spec);
  if (spec.convolution_width == 0) {
    spec.convolution_on = defaults.convolution_on;
    spec.convolution_shared = defaults.convolution_shared;
    spec.convolution_place = defaults.convolution_place;
  }
  if (spec.positions != Positions::Rotary) spec.rotary_base = defaults.rotary_base;
  spec.heads = head_count(spec);
  return spec;
}

namespace {

// Two spellings of one set would be two runs, so the order is fixed.
void check_convolution(const ModelSpec& spec) {
  std::size_t next = 0;
  bool ordered = true;
  for (const char part : spec.convolution_on) {
    const std::size_t place = std::string("qkv").find(part, next);
    ordered = ordered && place != std::string::npos;
    next = place + 1;
  }
  if (!ordered || spec.convolution_on.empty())
    throw InputError("convolution_on is '" + spec.convolution_on +
                     "' (some of q, k, v are wanted, in this order); give for example qkv or kv, "
                     "and convolution_width: 0 for none");
  if (spec.convolution_shared && spec.convolution_place == ConvolutionPlace::BeforeProjection)
    throw InputError(
        "convolution_shared with convolution_place before_projection (there are no heads yet to "
        "share a filter); give one of them");
}

void check_constants(const ModelSpec& spec) {
  const struct {
    const char* name;
    double value;
    double above;
  } constants[] = {{"norm_epsilon", spec.norm_epsilon, 0},
                   {"d_ff_ratio", spec.d_ff_ratio, 0},
                   {"rotary_base", spec.rotary_base, 1}};
  for (const auto& [name, value, above] : constants)
    if (!std::isfinite(value) || !(value > above))
      throw InputError(std::string(name) + " is " + std::to_string(value) + " (above " +
                       (above == 0 ? "0" : "1") + " is wanted, and finite); correct it");
  const struct {
    const char* name;
    double value;
  } factors[] = {{"branch_scale", spec.branch_scale}, {"key_value_scale", spec.key_value_scale}};
  for (const auto& [name, value] : factors)
    if (!std::isfinite(value) || value == 0)
      throw InputError(std::string(name) + " is " + std::to_string(value) +
                       " (it would switch off what it multiplies); give another number");
}

void check_switches(const ModelSpec& spec) {
  if (spec.norm == Norm::None && !spec.rezero)
    throw InputError(
        "norm is none without rezero (nothing would hold the residual stream in scale); set "
        "rezero: true or choose a norm");
  if (head_count(spec) % kv_head_count(spec) != 0)
    throw InputError("kv_heads " + std::to_string(spec.kv_heads) + " does not divide the " +
                     std::to_string(head_count(spec)) +
                     " heads (each serves as many of them); give a divisor");
  if (spec.shared_qk != SharedQk::No && kv_head_count(spec) != head_count(spec))
    throw InputError(
        "shared_qk with kv_heads (queries are computed from keys, head by head); give one of them");
  if (spec.positions == Positions::Rotary && spec.d_head % 2 != 0)
    throw InputError("d_head " + std::to_string(spec.d_head) +
                     " with rotary positions (they turn pairs of channels); give an even d_head");
  // The frequencies run geometrically from one to 1/10,000, so there are at least two of them.
  if (spec.positions == Positions::Sinusoidal && (spec.d_model % 2 != 0 || spec.d_model < 4))
    throw InputError("d_model " + std::to_string(spec.d_model) +
                     " with sinusoidal positions (sines and cosines by halves, two frequencies or "
                     "more); give an even one from 4");
  if (feed_forward_width(spec) < 1)
    throw InputError(
        "the hidden width of the feed-forward comes out as 0 (of d_ff, d_ff_ratio or two thirds of "
        "them); give d_ff or, with a gate, d_ff_gated");
}

// Far beyond any model, and so near that every count of its parameters and bytes fits 64 bits: at
// most layers times the product of two widths, a few times.
void check_largest(const ModelSpec& spec) {
  constexpr std::int64_t kLayers = 1 << 14, kModel = 1 << 18, kHidden = 1 << 20, kWords = 1 << 30;
  const double hidden = spec.d_ff_ratio * static_cast<double>(spec.d_model);
  const struct {
    const char* name;
    std::int64_t value, most;
  } sizes[] = {
      {"layers", spec.layers, kLayers},
      {"d_model", spec.d_model, kModel},
      {"d_head", spec.d_head, kHidden},
      {"heads", spec.heads, kHidden},
      {"heads times d_head", std::min(spec.heads, kWords) * std::min(spec.d_head, kWords), kHidden},
      {"d_ff", spec.d_ff, kHidden},
      {"d_ff_gated", spec.d_ff_gated, kHidden},
      {"d_ff_ratio times d_model", static_cast<std::int64_t>(std::min(hidden, 1e18)), kHidden},
      {"convolution_width", spec.convolution_width, kLayers},
      {"relative_buckets", spec.relative_buckets, kLayers},
      {"sequence", spec.sequence, kWords},
      {"vocabulary", spec.vocabulary, kWords}};
  for (const auto& [name, value, most] : sizes)
    if (value > most)
      throw InputError(std::string(name) + " is " + std::to_string(value) +
                       " (more than any model has; at most " + std::to_string(most) +
                       " is counted); give a smaller one");
}

}  // namespace

void check(const ModelSpec& spec) {
  const struct {
    const char* name;
    std::int64_t value;
  } sizes[] = {
      {"layers", spec.layers},         {"d_model", spec.d_model},
      {"d_head", spec.d_head},         {"sequence", spec.sequence},
      {"vocabulary", spec.vocabulary}, {"relative_max_distance", spec.relative_max_distance}};
  for (const auto& [name, value] : sizes)
    if (value < 1)
      throw InputError(std::string(name) + " is " + std::to_string(value) +
                       " (a model needs at least one); give a positive number");
  if (spec.heads < 0 || spec.kv_heads < 0 || spec.d_ff < 0 || spec.d_ff_gated < 0 ||
      spec.convolution_width < 0)
    throw InputError(
        "heads, kv_heads, d_ff, d_ff_gated or convolution_width is negative (0 means the default "
        "or none); give 0 or more");
  if (spec.heads == 0 && spec.d_model % spec.d_head != 0)
    throw InputError("d_model " + std::to_string(spec.d_model) + " does not divide by d_head " +
                     std::to_string(spec.d_head) +
                     " (heads are d_model / d_head); change one of them or give heads");
  if (spec.relative_buckets < 2 || spec.relative_buckets % 2 != 0)
    throw InputError("relative_buckets is " + std::to_string(spec.relative_buckets) +
                     " (half of them are exact distances); give an even number of two or more");
  if (spec.relative_max_distance <= spec.relative_buckets / 2)
    throw InputError("relative_max_distance " + std::to_string(spec.relative_max_distance) +
                     " is within the exact buckets (relative_buckets / 2); raise it");
  check_constants(spec);
  check_largest(spec);
  check_convolution(spec);
  check_switches(spec);
}

}  // namespace isoloss
