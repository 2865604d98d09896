#include "model/spec/model_spec.h"

#include <cmath>

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

void check_switches(const ModelSpec& spec) {
  std::string rest = spec.convolution_on;
  for (const char part : {'q', 'k', 'v'}) {
    if (const auto at = rest.find(part); at != std::string::npos) rest.erase(at, 1);
  }
  if (!rest.empty())
    throw InputError("convolution_on is '" + spec.convolution_on +
                     "' (letters other than q, k, v once each); give some of qkv");
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
  if (spec.convolution_shared && spec.convolution_place == ConvolutionPlace::BeforeProjection)
    throw InputError(
        "convolution_shared with convolution_place before_projection (there are no heads yet to "
        "share a filter); give one of them");
  if (spec.positions == Positions::Rotary && spec.d_head % 2 != 0)
    throw InputError("d_head " + std::to_string(spec.d_head) +
                     " with rotary positions (they turn pairs of channels); give an even d_head");
  if (spec.positions == Positions::Sinusoidal && spec.d_model % 2 != 0)
    throw InputError("d_model " + std::to_string(spec.d_model) +
                     " with sinusoidal positions (sines and cosines by halves); give an even one");
  if (!(spec.d_ff_ratio > 0) || !(spec.rotary_base > 1))
    throw InputError("d_ff_ratio or rotary_base is out of range (above 0 and above 1); correct it");
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
        "or none); "
        "give 0 or more");
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
  if (!(spec.norm_epsilon > 0))
    throw InputError("norm_epsilon is not positive (it keeps a norm finite); try 1e-6");
  check_switches(spec);
}

}  // namespace isoloss
