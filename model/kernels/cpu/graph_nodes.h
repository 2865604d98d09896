// Fused passes as nodes of LibTorch's graph, for steps in which plain operations stand between
// them. A pass lives as long as its node. Where no gradients are asked for, the pass alone.
#pragma once
#include <memory>

#include "model/kernels/cpu/blocks.h"

namespace isoloss {

// `weight` makes the node part of the graph; its gradient is added by the pass.
at::Tensor embedding_node(std::shared_ptr<EmbeddingPass> pass, const Weight& weight,
                          const at::Tensor& ids);

at::Tensor sub_layer_node(std::shared_ptr<SubLayerPass> pass, const at::Tensor& x);

// The mean cross-entropy, float64; backward() gives the gradients of what OutputPass says.
at::Tensor loss_node(std::shared_ptr<OutputPass> pass, const at::Tensor& x,
                     const at::Tensor& targets, double z_loss);

}  // namespace isoloss
