// A model in training between two steps: weights, optimizer state, how far it is. All that a
// checkpoint holds, and the one update that moves it on.
#pragma once
#include <cstddef>
#include <cstdint>
#include <span>
#include <variant>
#include <vector>

#include "model/layers/language_model.h"
#include "results/run_record.h"
#include "sweeps/run_spec.h"

namespace isoloss {

class TrainingState {
 public:
  // Initial weights of the spec's seed, no update made. The spec's dtype decides the precision.
  explicit TrainingState(const RunSpec& spec);

  LanguageModel& model() { return model_; }
  const LanguageModel& model() const { return model_; }
  std::int64_t step() const { return step_; }  // updates made
  double seconds() const { return seconds_; }  // of training, evaluation left out
  std::size_t element_bytes() const;

  // One update from a batch (windows * sequence ids), taking the time it costs into account. A loss
  // or gradient norm that is not finite leaves the weights and the step as they were.
  struct Update {
    StepMetrics metrics;  // of the update made, or of the one that was not
    bool finite = true;
  };
  Update update(std::span<const std::int32_t> tokens);
  // Adds time spent on the next update outside of update(): reading its batch.
  void add_seconds(double seconds) { seconds_ += seconds; }

  // The buffers as a checkpoint stores them; restore() throws InputError where sizes disagree.
  std::span<const std::byte> weight_bytes();
  std::span<const std::byte> optimizer_bytes() const;
  void restore(std::int64_t step, double seconds, std::span<const std::byte> weights,
               std::span<const std::byte> optimizer);

 private:
  OptimizerSpec optimizer_spec_;
  LanguageModel model_;
  std::variant<std::vector<float>, std::vector<double>> optimizer_;
  std::int64_t step_ = 0;
  double seconds_ = 0;
};

}  // namespace isoloss
