#include "model/layers/sublayers.h"

#include <torch/torch.h>

#include <algorithm>

#include "model/layers/product.h"
#include "model/parallel/tensor_parallel.h"

namespace isoloss {
namespace {

// x `steps` steps earlier, zeros before the sequence.
at::Tensor delayed(const at::Tensor& x, std::int64_t steps) {
  const std::int64_t length = x.size(1), kept = std::max<std::int64_t>(0, length - steps);
  return at::cat({at::zeros_like(x.narrow(1, 0, length - kept)), x.narrow(1, 0, kept)}, 1);
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
  if (spec.norm == Norm::None) return x;
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

at::Tensor token_shifted(const at::Tensor& x) {
  const std::int64_t half = x.size(-1) / 2;
  return at::cat({delayed(x.narrow(-1, 0, half), 1), x.narrow(-1, half, x.size(-1) - half)}, -1);
}

at::Tensor depthwise_convolution(const at::Tensor& x, const std::vector<at::Tensor>& taps) {
  at::Tensor y = x * taps[0];
  for (std::size_t s = 1; s < taps.size(); ++s)
    y = y + delayed(x, static_cast<std::int64_t>(s)) * taps[s];
  return y;
}

at::Tensor biased_linear(const PlainStep& step, const at::Tensor& x, const Weight& matrix,
                         const Weight& bias) {
  const at::Tensor y = linear(step.precision, x, matrix.value);
  return bias.value.defined() ? y + bias.value : y;
}

at::Tensor output_linear(const PlainStep& step, const at::Tensor& x, const Weight& matrix,
                         const Weight& bias) {
  const at::Tensor y = sum_over_ranks(linear(step.precision, x, matrix.value), step.tensor_ranks);
  return bias.value.defined() ? y + bias.value : y;
}

at::Tensor feed_forward(const PlainStep& step, const FeedForwardWeights& weights,
                        const at::Tensor& input) {
  const at::Tensor x = shared_by_ranks(input, step.tensor_ranks);
  at::Tensor hidden = biased_linear(step, x, weights.in, weights.in_bias);
  if (step.spec.gated) {
    const at::Tensor gate = biased_linear(step, x, weights.gate, weights.gate_bias);
    hidden = activate(step.spec.activation, gate) * hidden;
  } else {
    hidden = activate(step.spec.activation, hidden);
  }
  return output_linear(step, hidden, weights.out, weights.out_bias);
}

}  // namespace isoloss
