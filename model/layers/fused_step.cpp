#include "model/layers/fused_step.h"

#include <ATen/ATen.h>

#include <algorithm>

namespace isoloss {

bool FusedTrainingStep::serves(const ModelSpec& spec, const ModelOptions& options) {
  return options.kernels == Kernels::Fused && !options.recompute && attention_is_fused(spec) &&
         feed_forward_is_fused(spec) && output_is_fused(spec) &&
         spec.positions != Positions::Sinusoidal;
}

FusedTrainingStep::FusedTrainingStep(const DecoderStep& step)
    : step_(step.fused),
      embedding_(embedding_pass(step_, step.weights.embedding, step.weights.position_embedding)),
      output_(output_pass(step_, step.weights.final_norm, step.weights.output)),
      inputs_(static_cast<std::size_t>(step_.rows())) {
  for (const LayerWeights& layer : step.weights.layers) {
    sub_layers_.push_back(attention_pass(step_, layer.attention, step.weights.relative_bias));
    sub_layers_.push_back(feed_forward_pass(step_, layer.feed_forward));
  }
}

void FusedTrainingStep::shift(const std::int64_t* targets) {
  std::copy_n(targets, inputs_.size() - 1, inputs_.begin() + 1);
  for (std::size_t row = 0; row < inputs_.size(); row += static_cast<std::size_t>(step_.length))
    inputs_[row] = 0;
}

double FusedTrainingStep::run(const std::int64_t* targets, double z_loss, double factor,
                              const std::function<void(std::size_t layer)>& layer_ready) {
  const at::NoGradGuard no_graph;
  shift(targets);
  at::Tensor x = embedding_->forward(inputs_.data());
  for (const auto& pass : sub_layers_) x = pass->forward(x);
  const double loss = output_->loss(x, targets, z_loss);
  const at::Tensor gradient = output_->backward(factor);
  const auto ready = [&](std::size_t layer) {
    if (layer_ready) layer_ready(layer);
  };
  const std::size_t layers = sub_layers_.size() / 2;
  ready(layers);
  for (std::size_t layer = layers; layer-- > 0;) {
    sub_layers_[2 * layer + 1]->backward(gradient);
    sub_layers_[2 * layer]->backward(gradient);
    ready(layer);
  }
  embedding_->backward(gradient);
  return loss;
}

}  // namespace isoloss
