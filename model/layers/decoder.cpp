#include "model/layers/decoder.h"

#include <torch/torch.h>

namespace isoloss {
namespace {

at::Tensor attention_sublayer(const DecoderStep& step, const AttentionWeights& weights,
                              const at::Tensor& x) {
  const Weight& bias = step.weights.relative_bias;
  if (step.kernels == Kernels::Fused) return fused_attention(step.fused, weights, bias, x);
  return x +
         attention(step.spec, weights, bias, step.fused.buckets, norm(step.spec, weights.norm, x));
}

at::Tensor feed_forward_sublayer(const DecoderStep& step, const FeedForwardWeights& weights,
                                 const at::Tensor& x) {
  if (step.kernels == Kernels::Fused) return fused_feed_forward(step.fused, weights, x);
  if (step.spec.norm_placement == NormPlacement::Primer)
    return x + norm(step.spec, weights.norm, feed_forward(step.spec, weights, x));
  return x + feed_forward(step.spec, weights, norm(step.spec, weights.norm, x));
}

at::Tensor embed(const DecoderStep& step, const at::Tensor& inputs) {
  const Weight& embedding = step.weights.embedding;
  if (step.kernels == Kernels::Fused)
    return fused_embedding(step.fused, embedding, inputs.flatten());
  return at::embedding(embedding.value, inputs);
}

}  // namespace

at::Tensor decoder(const DecoderStep& step, const at::Tensor& inputs) {
  at::Tensor x = embed(step, inputs);
  for (const LayerWeights& layer : step.weights.layers) {
    x = attention_sublayer(step, layer.attention, x);
    x = feed_forward_sublayer(step, layer.feed_forward, x);
  }
  return x;
}

Loss decoder_loss(const DecoderStep& step, const at::Tensor& x, const at::Tensor& targets,
                  double z_loss) {
  const DecoderWeights& weights = step.weights;
  if (step.kernels == Kernels::Fused) {
    const at::Tensor cross_entropy = fused_output_loss(
        step.fused, weights.final_norm, weights.embedding, x, targets.flatten(), z_loss);
    return {cross_entropy, cross_entropy};
  }
  return loss(decoder_logits(step, x), targets, z_loss);
}

at::Tensor decoder_logits(const DecoderStep& step, const at::Tensor& x) {
  const DecoderWeights& weights = step.weights;
  if (step.kernels == Kernels::Fused)
    return fused_output_logits(step.fused, weights.final_norm, weights.embedding, x);
  return output_logits(step.spec, weights.embedding, norm(step.spec, weights.final_norm, x));
}

}  // namespace isoloss
