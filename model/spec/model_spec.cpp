#include "model/spec/model_spec.h"

#include "model/spec/error.h"

namespace isoloss {

std::int64_t head_count(const ModelSpec& spec) {
  return spec.heads > 0 ? spec.heads : spec.d_model / spec.d_head;
}

std::int64_t attention_width(const ModelSpec& spec) { return head_count(spec) * spec.d_head; }

std::int64_t feed_forward_width(const ModelSpec& spec) {
  const std::int64_t plain = spec.d_ff > 0 ? spec.d_ff : 4 * spec.d_model;
  if (!spec.gated) return plain;
  if (spec.d_ff_gated > 0) return spec.d_ff_gated;
  return (2 * plain + 6) / 12 * 4;
}

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
  if (spec.heads < 0 || spec.d_ff < 0 || spec.d_ff_gated < 0 || spec.convolution_width < 0)
    throw InputError(
        "heads, d_ff, d_ff_gated or convolution_width is negative (0 means the default or none); "
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
}

}  // namespace isoloss
