#include "model/layers/sublayers.h"

#include <torch/torch.h>

#include <cmath>
#include <limits>

namespace isoloss {
namespace {

// [batch, length, heads * d] -> [batch, heads, length, d]
at::Tensor split_heads(const at::Tensor& x, std::int64_t heads) {
  return x.view({x.size(0), x.size(1), heads, -1}).transpose(1, 2);
}

at::Tensor project(const at::Tensor& x, const Weight& matrix, const std::vector<Weight>& taps) {
  const at::Tensor y = at::linear(x, matrix.value);
  return taps.empty() ? y : depthwise_convolution(y, taps);
}

// [heads, length, length]: the bias of distance query - key, minus infinity where the key is later.
at::Tensor position_bias(const Weight& table, const at::Tensor& buckets) {
  const std::int64_t length = buckets.size(0);
  const at::Tensor position = at::arange(length, at::kLong);
  const at::Tensor distance = position.unsqueeze(1) - position.unsqueeze(0);
  const at::Tensor bucket = buckets.index_select(0, distance.clamp_min(0).flatten());
  const at::Tensor bias = table.value.index_select(1, bucket).view({-1, length, length});
  return bias.masked_fill(distance < 0, -std::numeric_limits<double>::infinity());
}

at::Tensor activate(Activation activation, const at::Tensor& x) {
  switch (activation) {
    case Activation::Relu:
      return at::relu(x);
    case Activation::Gelu:
      return at::gelu(x, "tanh");
    case Activation::GeluErf:
      return at::gelu(x);
    case Activation::Swish:
      return at::silu(x);
    case Activation::Elu:
      return at::elu(x);
    case Activation::Selu:
      return at::selu(x);
    case Activation::Sigmoid:
      return at::sigmoid(x);
    case Activation::Softplus:
      return at::softplus(x);
    case Activation::SquaredRelu:
      return at::relu(x).square();
    case Activation::Linear:
      return x;
  }
  return x;
}

}  // namespace

at::Tensor norm(const ModelSpec& spec, const NormWeights& weights, const at::Tensor& x) {
  if (spec.norm == Norm::Rms) {
    const at::Tensor mean_square = x.square().mean({-1}, true);
    return x * (mean_square + spec.norm_epsilon).rsqrt() * weights.scale.value;
  }
  const at::Tensor centred = x - x.mean({-1}, true);
  const at::Tensor spread = spec.norm == Norm::Primer ? x * centred : centred.square();
  const at::Tensor variance = spread.mean({-1}, true);
  return centred * (variance + spec.norm_epsilon).rsqrt() * weights.scale.value +
         weights.bias.value;
}

at::Tensor depthwise_convolution(const at::Tensor& x, const std::vector<Weight>& taps) {
  at::Tensor y = x * taps[0].value;
  const std::int64_t length = x.size(1);
  for (std::int64_t s = 1; s < static_cast<std::int64_t>(taps.size()) && s < length; ++s) {
    const at::Tensor past = at::constant_pad_nd(x.narrow(1, 0, length - s), {0, 0, s, 0});
    y = y + past * taps[static_cast<std::size_t>(s)].value;
  }
  return y;
}

at::Tensor attention(const ModelSpec& spec, const AttentionWeights& weights,
                     const Weight& relative_bias, const at::Tensor& buckets, const at::Tensor& x) {
  const std::int64_t heads = head_count(spec);
  const at::Tensor key = project(x, weights.key, weights.key_convolution);
  const at::Tensor value = project(x, weights.value, weights.value_convolution);
  const at::Tensor query = spec.shared_qk != SharedQk::No
                               ? at::linear(key, weights.query_from_key.value)
                               : project(x, weights.query, weights.query_convolution);
  const at::Tensor logits =
      at::matmul(split_heads(query, heads), split_heads(key, heads).transpose(2, 3)) +
      position_bias(relative_bias, buckets);
  const at::Tensor mixed = at::matmul(at::softmax(logits, -1), split_heads(value, heads));
  return at::linear(mixed.transpose(1, 2).flatten(2), weights.output.value);
}

at::Tensor feed_forward(const ModelSpec& spec, const FeedForwardWeights& weights,
                        const at::Tensor& x) {
  at::Tensor hidden = at::linear(x, weights.in.value, weights.in_bias.value);
  if (spec.gated) {
    const at::Tensor gate = at::linear(x, weights.gate.value, weights.gate_bias.value);
    hidden = activate(spec.activation, gate) * hidden;
  } else {
    hidden = activate(spec.activation, hidden);
  }
  return at::linear(hidden, weights.out.value, weights.out_bias.value);
}

at::Tensor output_logits(const ModelSpec& spec, const Weight& embedding, const at::Tensor& x) {
  return at::linear(x * (1.0 / std::sqrt(static_cast<double>(spec.d_model))), embedding.value);
}

Loss loss(const at::Tensor& logits, const at::Tensor& targets, double z_loss) {
  const at::Tensor log_z = logits.logsumexp({-1});
  const at::Tensor chosen = logits.gather(-1, targets.unsqueeze(-1)).squeeze(-1);
  const at::Tensor cross_entropy = (log_z - chosen).mean();
  return {cross_entropy,
          z_loss == 0 ? cross_entropy : cross_entropy + z_loss * log_z.square().mean()};
}

}  // namespace isoloss
