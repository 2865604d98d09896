#include "model/cost/memory.h"

#include "model/spec/parameters.h"

namespace isoloss {

MemoryBytes training_memory(const ModelSpec& spec, double batch_tokens, double states) {
  constexpr double kFloat = 4;
  const auto real = [](std::int64_t n) { return static_cast<double>(n); };
  const double n = real(parameter_table(spec).buffer_size);
  const double hidden = real(feed_forward_width(spec));
  // Per token and layer: two norm inputs and outputs, Q K V before and after the convolution, the
  // attention output, the hidden layer before and after its activation, the residual stream twice.
  const double layer = 6.0 * real(spec.d_model) +
                       (spec.convolution_width > 0 ? 7.0 : 4.0) * real(attention_width(spec)) +
                       (spec.gated ? 3.0 : 2.0) * hidden;
  MemoryBytes bytes;
  bytes.weights = kFloat * n;
  bytes.gradients = kFloat * n;
  bytes.optimizer = kFloat * n * states;
  bytes.activations =
      kFloat * batch_tokens * (real(spec.layers) * layer + 2.0 * real(spec.vocabulary));
  return bytes;
}

}  // namespace isoloss
