#include "model/layers/decoder.h"

#include <torch/torch.h>

#include "model/layers/relative_position.h"
#include "model/layers/sublayers.h"

namespace isoloss {

at::Tensor decoder(const ModelSpec& spec, const DecoderWeights& weights, const at::Tensor& inputs,
                   Kernels) {
  const at::Tensor buckets = relative_buckets(spec, inputs.size(1));
  at::Tensor x = at::embedding(weights.embedding.value, inputs);
  for (const LayerWeights& layer : weights.layers) {
    x = x + attention(spec, layer.attention, weights.relative_bias, buckets,
                      norm(spec, layer.attention.norm, x));
    x = spec.norm_placement == NormPlacement::Pre
            ? x + feed_forward(spec, layer.feed_forward, norm(spec, layer.feed_forward.norm, x))
            : x + norm(spec, layer.feed_forward.norm, feed_forward(spec, layer.feed_forward, x));
  }
  return x;
}

}  // namespace isoloss
