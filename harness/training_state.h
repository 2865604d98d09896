// A model in training between two steps: weights, optimizer state, how far it is. All that a
// checkpoint holds, and the one update that moves it on. Several ranks may train one state, tensor
// x data (rank_groups.h): each then has its shard of the model and its share of the optimizer's
// state, and every function that says so is collective. Each rank saves its part, and any layout
// goes on from them.
#pragma once
#include <cstddef>
#include <cstdint>
#include <span>
#include <variant>
#include <vector>

#include "harness/gradient_average.h"
#include "harness/optimizer.h"
#include "harness/rank_groups.h"
#include "harness/state_tensors.h"
#include "model/layers/language_model.h"
#include "results/run_record.h"
#include "sweeps/run_spec.h"

namespace isoloss {

// Whether each data rank keeps all of the optimizer's state, or its share of whole tensors
// (ZeRO-1).
enum class OptimizerState { OnEveryRank, Shared };

class TrainingState {
 public:
  // Initial weights of the spec's seed, no update made. The spec's dtype decides the precision.
  explicit TrainingState(const RunSpec& spec, RankGroups ranks = {},
                         OptimizerState kept = OptimizerState::Shared);

  const RankGroups& ranks() const { return ranks_; }
  LanguageModel& model() { return model_; }
  const LanguageModel& model() const { return model_; }
  std::int64_t step() const { return step_; }  // updates made
  double seconds() const { return seconds_; }  // of training, evaluation left out
  std::size_t element_bytes() const;

  // One update from a batch (windows * sequence ids), of which each data rank gives its equal part
  // of the rows; collective. Takes the time it costs into account. A loss or gradient norm that is
  // not finite leaves the weights and the step as they were. A data rank on which it throws takes
  // part to the end: its loss is not finite on the others, or, where their update is made, they
  // hear of it at their next exchange (block_exchange.h). With several tensor ranks, or as a
  // BrokenBlock, what is thrown leaves others waiting.
  struct Update {
    StepMetrics metrics;  // of the update made, or of the one that was not
    bool finite = true;
  };
  Update update(std::span<const std::int32_t> tokens);
  // Adds time spent on the next update outside of update(): reading its batch.
  void add_seconds(double seconds) { seconds_ += seconds; }

  // Of the whole model: what a checkpoint holds.
  StateTables tables() const;
  // What this rank saves of it.
  StatePart part();
  // Collective: every tensor from the leading rank's `fill`, and step and seconds from its
  // arguments; the others' are passed over.
  void take_tensors(std::int64_t step, double seconds, const TensorSource& fill);

 private:
  using Values = std::variant<std::vector<float>, std::vector<double>>;

  template <typename Real>
  double gradient_norm(std::span<const Real> gradients) const;

  OptimizerSpec optimizer_spec_;
  std::int64_t micro_batches_;
  RankGroups ranks_;
  LanguageModel model_;
  std::vector<ParameterTable> shards_;  // of every tensor rank
  ParameterTable split_, replicated_;   // this rank's tensors, by whether ranks share them
  std::vector<ParameterTable> shares_;  // of every data rank; one where each keeps all
  const ParameterTable& mine_;
  Values optimizer_;  // state of `mine_`
  OptimizerScratch scratch_;
  GradientAverage average_;
  std::int64_t step_ = 0;
  double seconds_ = 0;
};

}  // namespace isoloss
