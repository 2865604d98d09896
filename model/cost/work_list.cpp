#include "model/cost/work_list.h"

namespace isoloss {

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
  list.push_back({"attention.projection", t, width, spec.d_model,
                  (spec.shared_qk != SharedQk::No ? 2 : 3) * spec.layers});
  if (spec.shared_qk != SharedQk::No)
    list.push_back({"attention.projection", t, width, width, spec.layers});
  if (spec.convolution_width > 0)
    list.push_back({"convolution", t, width, spec.convolution_width,
                    (spec.shared_qk != SharedQk::No ? 2 : 3) * spec.layers});
  list.push_back({"attention.logits", t, t, spec.d_head, heads});
  list.push_back({"attention.values", t, spec.d_head, t, heads});
  list.push_back({"attention.output", t, spec.d_model, width, spec.layers});
  list.push_back({"feed_forward", t, hidden, spec.d_model, (spec.gated ? 2 : 1) * spec.layers});
  list.push_back({"feed_forward", t, spec.d_model, hidden, spec.layers});
  list.push_back({"head", t, spec.vocabulary, spec.d_model, 1});
  return list;
}

}  // namespace isoloss
