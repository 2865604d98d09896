// Training steps of a model whose every sub-layer is fused: passes are made once for a number of
// rows and serve step after step, forward in order and backward in reverse. No graph is recorded.
#pragma once
#include <cstdint>
#include <functional>
#include <memory>
#include <vector>

#include "model/kernels/cpu/blocks.h"
#include "model/layers/decoder.h"

namespace isoloss {

class FusedTrainingStep {
 public:
  static bool serves(const ModelSpec& spec, const ModelOptions& options);

  // What the step refers to outlives this.
  explicit FusedTrainingStep(const DecoderStep& step);
  FusedTrainingStep(const FusedTrainingStep&) = delete;
  FusedTrainingStep& operator=(const FusedTrainingStep&) = delete;

  std::int64_t batch() const { return step_.batch; }

  // Adds the gradients of factor (cross-entropy + z_loss mean log(Z)^2) and returns the mean
  // cross-entropy of the targets, [batch * length]; inputs are these, shifted right. `layer_ready`
  // as in DecoderStep.
  double run(const std::int64_t* targets, double z_loss, double factor,
             const std::function<void(std::size_t layer)>& layer_ready);

 private:
  void shift(const std::int64_t* targets);

  FusedStep step_;
  std::shared_ptr<EmbeddingPass> embedding_;
  std::vector<std::shared_ptr<SubLayerPass>> sub_layers_;  // two a layer
  std::shared_ptr<OutputPass> output_;
  std::vector<std::int64_t> inputs_;
};

}  // namespace isoloss
