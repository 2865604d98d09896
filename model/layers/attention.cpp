#include "model/layers/attention.h"

#include <torch/torch.h>

#include <cmath>
#include <limits>

#include "model/layers/layer_state.h"
#include "model/layers/parameter_buffers.h"
#include "model/layers/positions.h"
#include "model/layers/product.h"
#include "model/parallel/tensor_parallel.h"

namespace isoloss {
namespace {

// [batch, length, heads * d] -> [batch, heads, length, d]
at::Tensor split_heads(const ModelSpec& spec, const at::Tensor& x) {
  return x.unflatten(-1, {-1, spec.d_head}).transpose(1, 2);
}

// Q, K or V: projection and convolution in the spec's order.
at::Tensor project(const PlainStep& step, const Weight& matrix, const Weight& bias,
                   const std::vector<Weight>& filter, at::Tensor LayerState::*earlier,
                   const at::Tensor& x) {
  const auto shared = [&](const at::Tensor& tensor) {
    return shared_by_ranks(tensor, step.tensor_ranks);
  };
  std::vector<at::Tensor> taps;
  for (const Weight& tap : filter)
    taps.push_back(step.spec.convolution_shared ? shared(tap.value) : tap.value);
  if (taps.empty()) return biased_linear(step, shared(x), matrix, bias);
  const auto convolved = [&](const at::Tensor& y) {
    return looking_back(step, earlier, std::ssize(taps) - 1, y,
                        [&](const at::Tensor& all) { return depthwise_convolution(all, taps); });
  };
  if (step.spec.convolution_place == ConvolutionPlace::BeforeProjection)
    return biased_linear(step, shared(convolved(x)), matrix, bias);
  const at::Tensor y = biased_linear(step, shared(x), matrix, bias);
  if (!step.spec.convolution_shared) return convolved(y);
  return convolved(y.unflatten(-1, {-1, step.spec.d_head})).flatten(-2);
}

// K W^T: W [width, width] reads every rank's heads, W [heads, d_head, d_head] each head its own.
at::Tensor query_of(const PlainStep& step, const at::Tensor& key, const Weight& matrix) {
  if (step.spec.shared_qk == SharedQk::Full)
    return split_heads(step.spec,
                       linear(step.precision,
                              gather_over_ranks(key, attention_width(step.spec), step.tensor_ranks),
                              matrix.value));
  const at::Tensor per_head = split_heads(step.spec, key);
  const at::Tensor transposed = matrix.value.transpose(1, 2).unsqueeze(0);
  return product(step.precision, per_head, transposed);
}

// The bias of each query and key by their distance: of [queries, keys], [heads, queries, keys]; of
// [batch, queries, keys], [batch, heads, queries, keys].
at::Tensor position_bias(const PlainStep& step, const Weight& table, const at::Tensor& distance) {
  const at::Tensor bucket = step.buckets.index_select(0, distance.clamp_min(0).flatten());
  const at::Tensor bias = table.value.index_select(1, bucket).unflatten(1, distance.sizes());
  return distance.dim() == 3 ? bias.transpose(0, 1) : bias;
}

// [batch, heads, queries, keys]; keys stand at 0, 1, ..., queries at the step's positions.
at::Tensor probabilities(const PlainStep& step, const Weight& relative_bias,
                         const at::Tensor& query, const at::Tensor& key) {
  const ModelSpec& spec = step.spec;
  at::Tensor logits = product(step.precision, query, key.transpose(2, 3));
  if (spec.attention_scale == AttentionScale::RunTime)
    logits = logits / std::sqrt(static_cast<double>(spec.d_head));
  const at::Tensor distance =
      positions_of(step, query.size(2)).unsqueeze(-1) - at::arange(key.size(2), at::kLong);
  if (relative_bias.value.defined()) logits = logits + position_bias(step, relative_bias, distance);
  const at::Tensor hidden = distance < 0;
  logits = logits.masked_fill(hidden.dim() == 3 ? hidden.unsqueeze(1) : hidden,
                              -std::numeric_limits<double>::infinity());
  const at::Tensor weights = at::softmax(logits, -1);
  return spec.attention_tanh ? at::tanh(weights) : weights;
}

}  // namespace

at::Tensor attention(const PlainStep& step, const AttentionWeights& weights,
                     const Weight& relative_bias, const at::Tensor& x) {
  const ModelSpec& spec = step.spec;
  at::Tensor key = project(step, weights.key, weights.key_bias, weights.key_convolution,
                           &LayerState::key_inputs, x);
  at::Tensor value = project(step, weights.value, weights.value_bias, weights.value_convolution,
                             &LayerState::value_inputs, x);
  if (spec.key_value_scale != 1) {
    key = key * spec.key_value_scale;
    value = value * spec.key_value_scale;
  }
  at::Tensor query =
      spec.shared_qk != SharedQk::No
          ? query_of(step, key, weights.query_from_key)
          : split_heads(spec, project(step, weights.query, weights.query_bias,
                                      weights.query_convolution, &LayerState::query_inputs, x));
  key = split_heads(spec, key);
  value = split_heads(spec, value);
  if (spec.positions == Positions::Rotary) {
    const at::Tensor positions = positions_of(step, x.size(1)).unsqueeze(-2);
    query = rotated(spec, positions, query);
    key = rotated(spec, positions, key);
  }
  if (step.tokens) {
    key = with_kept(*step.tokens, key, step.state->keys);
    value = with_kept(*step.tokens, value, step.state->values);
  }
  if (const std::int64_t group = query.size(1) / key.size(1); group > 1) {
    key = key.repeat_interleave(group, 1);
    value = value.repeat_interleave(group, 1);
  }
  const at::Tensor mixed =
      product(step.precision, probabilities(step, relative_bias, query, key), value);
  return output_linear(step, mixed.transpose(1, 2).flatten(2), weights.output, weights.output_bias);
}

void keep_parts(const PlainStep& step, const AttentionParts& parts) {
  const ModelSpec& spec = step.spec;
  LayerState& state = *step.state;
  const auto rows = std::ssize(step.tokens->starts);
  const at::ScalarType type = master_type(step.precision);
  const auto by_row = [&](const at::Tensor& x) { return x.to(type).view({rows, -1, x.size(1)}); };
  with_kept(*step.tokens, split_heads(spec, by_row(parts.keys)), state.keys);
  with_kept(*step.tokens, split_heads(spec, by_row(parts.values)), state.values);
  if (spec.convolution_width < 2) return;
  std::vector<at::Tensor*> inputs = {&state.key_inputs, &state.value_inputs};
  if (spec.shared_qk == SharedQk::No) inputs.insert(inputs.begin(), &state.query_inputs);
  const at::Tensor projected = by_row(parts.projected);
  const std::int64_t width = projected.size(2) / std::ssize(inputs);
  for (std::int64_t part = 0; part < std::ssize(inputs); ++part)
    after_earlier(*step.tokens, spec.convolution_width - 1,
                  projected.narrow(2, part * width, width),
                  *inputs[static_cast<std::size_t>(part)]);
}

}  // namespace isoloss
