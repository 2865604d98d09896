#include "model/cost/work_list.h"

namespace isoloss {
namespace {

// Queries from keys: one product over all channels, or one a head.
void add_query_from_key(const ModelSpec& spec, std::vector<Product>& list) {
  const std::int64_t t = spec.sequence;
  const std::int64_t width = attention_width(spec);
  if (spec.shared_qk == SharedQk::Full)
    list.push_back({"attention.projection", t, width, width, spec.layers});
  if (spec.shared_qk == SharedQk::PerHead)
    list.push_back(
        {"attention.projection", t, spec.d_head, spec.d_head, head_count(spec) * spec.layers});
}

void add_projections(const ModelSpec& spec, std::vector<Product>& list) {
  const std::int64_t t = spec.sequence;
  if (spec.shared_qk == SharedQk::No)
    list.push_back({"attention.projection", t, attention_width(spec), spec.d_model, spec.layers});
  list.push_back({"attention.projection", t, kv_width(spec), spec.d_model, 2 * spec.layers});
  add_query_from_key(spec, list);
}

void add_convolutions(const ModelSpec& spec, std::vector<Product>& list) {
  const bool before = spec.convolution_place == ConvolutionPlace::BeforeProjection;
  for (const char part : {'q', 'k', 'v'}) {
    if (!has_convolution(spec, part)) continue;
    // A filter that heads share still works on every head's channels.
    const std::int64_t channels = before        ? spec.d_model
                                  : part == 'q' ? attention_width(spec)
                                                : kv_width(spec);
    list.push_back({"convolution", spec.sequence, channels, spec.convolution_width, spec.layers});
  }
}

}  // namespace

double Product::multiply_adds() const {
  return static_cast<double>(m) * static_cast<double>(n) * static_cast<double>(k) *
         static_cast<double>(times);
}

std::vector<Product> work_list(const ModelSpec& spec) {
  const std::int64_t t = spec.sequence;
  const std::int64_t width = attention_width(spec);
  const std::int64_t hidden = feed_forward_width(spec);
  const std::int64_t heads = head_count(spec) * spec.layers;
  std::vector<Product> list;
  add_projections(spec, list);
  add_convolutions(spec, list);
  list.push_back({"attention.logits", t, t, spec.d_head, heads});
  list.push_back({"attention.values", t, spec.d_head, t, heads});
  list.push_back({"attention.output", t, spec.d_model, width, spec.layers});
  list.push_back({"feed_forward", t, hidden, spec.d_model, (spec.gated ? 2 : 1) * spec.layers});
  list.push_back({"feed_forward", t, spec.d_model, hidden, spec.layers});
  list.push_back({"head", t, spec.vocabulary, spec.d_model, 1});
  return list;
}

}  // namespace isoloss
