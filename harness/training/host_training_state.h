// A training state on processors: LibTorch's model and the harness's optimizers. With several ranks
// each has its shard of the model and its share of the optimizer's state.
#pragma once
#include <cstddef>
#include <cstdint>
#include <span>
#include <variant>
#include <vector>

#include "harness/training/gradient_average.h"
#include "harness/training/optimizer.h"
#include "harness/training/training_state.h"
#include "sweeps/run_spec.h"

namespace isoloss {

class HostTrainingState final : public TrainingState {
 public:
  // Initial weights of the spec's seed, no update made. The spec's dtype decides the precision.
  explicit HostTrainingState(const RunSpec& spec, RankGroups ranks = {},
                             OptimizerState kept = OptimizerState::Shared);

  std::size_t element_bytes() const override;
  std::int64_t peak_memory() const override;
  Update update(std::span<const std::int32_t> tokens) override;
  std::vector<float> token_losses(std::span<const std::int32_t> tokens,
                                  std::int64_t length) override;
  LanguageModel& model() override { return model_; }
  StateTables tables() const override;
  StatePart part() override;
  void take_tensors(std::int64_t step, double seconds, const TensorSource& fill) override;

 private:
  using Values = std::variant<std::vector<float>, std::vector<double>>;

  template <typename Real>
  double gradient_norm(std::span<const Real> gradients) const;

  OptimizerSpec optimizer_spec_;
  std::int64_t micro_batches_;
  LanguageModel model_;
  std::vector<ParameterTable> shards_;  // of every tensor rank
  ParameterTable split_, replicated_;   // this rank's tensors, by whether ranks share them
  std::vector<ParameterTable> shares_;  // of every data rank; one where each keeps all
  const ParameterTable& mine_;
  Values optimizer_;  // state of `mine_`
  OptimizerScratch scratch_;
  GradientAverage average_;
};

}  // namespace isoloss
