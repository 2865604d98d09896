// Causal softmax attention written out with LibTorch's plain operations, in the operands' type.
#pragma once
#include <torch/torch.h>

#include <limits>

namespace isoloss {

struct AttentionLeaves {
  at::Tensor query, key, value;  // [batch, length, heads or key heads, width]
  at::Tensor bias;               // [heads, length] by distance, or none
};

// Query head h reads K and V of head h / (heads / key heads). As query, [batch, length, heads, width].
inline at::Tensor plain_attention(const AttentionLeaves& x, double scale) {
  const std::int64_t length = x.query.size(1), shared_by = x.query.size(2) / x.key.size(2);
  const auto of_heads = [shared_by](const at::Tensor& y) {
    return y.repeat_interleave(shared_by, 2).transpose(1, 2);
  };
  const at::Tensor position = at::arange(length, at::kLong);
  const at::Tensor distance = position.unsqueeze(1) - position.unsqueeze(0);
  at::Tensor logits = at::matmul(x.query.transpose(1, 2), of_heads(x.key).transpose(2, 3)) * scale;
  if (x.bias.defined())
    logits = logits +
             x.bias.index_select(1, distance.clamp_min(0).flatten()).unflatten(1, distance.sizes());
  logits = logits.masked_fill(distance < 0, -std::numeric_limits<double>::infinity());
  return at::matmul(at::softmax(logits, -1), of_heads(x.value)).transpose(1, 2).contiguous();
}

}  // namespace isoloss
