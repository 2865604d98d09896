// A model in training between two steps: weights, optimizer state, how far it is. All that a
// checkpoint holds, and the one update that moves it on. Its leaves train on the processor
// (host_training_state.h) and on devices (harness/on_device/device_training_state.h); each goes on
// from the other's checkpoints. Several ranks may train one state, tensor x data (rank_groups.h):
// every function that says so is collective. Each rank saves its part, and any layout goes on from
// them.
#pragma once
#include <cstddef>
#include <cstdint>
#include <optional>
#include <span>
#include <stdexcept>
#include <utility>
#include <vector>

#include "harness/ranks/rank_groups.h"
#include "harness/training/state_tensors.h"
#include "model/layers/language_model.h"
#include "results/run_record.h"

namespace isoloss {

// Whether each data rank keeps all of the optimizer's state, or its share of whole tensors
// (ZeRO-1).
enum class OptimizerState { OnEveryRank, Shared };

class TrainingState {
 public:
  virtual ~TrainingState() = default;

  const RankGroups& ranks() const { return ranks_; }
  std::int64_t step() const { return step_; }  // updates made
  double seconds() const { return seconds_; }  // of training, evaluation left out
  // Adds time spent on the next update outside of update(): reading its batch.
  virtual void add_seconds(double seconds) { seconds_ += seconds; }
  // Of what tensors of checkpoints hold.
  virtual std::size_t element_bytes() const = 0;
  // Bytes that this rank held at most of the memory that is predicted for its run
  // (sweeps/layout.h): its process's since forget_peak_memory() (harness/ranks/peak_memory.h), or
  // its device's since the state was made. 0 where the system does not say.
  virtual std::int64_t peak_memory() const = 0;

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
  virtual Update update(std::span<const std::int32_t> tokens) = 0;

  // The same without waiting for its end, where the state can: the update is under way then, and
  // what comes back is the oldest such one once as many are as the state allows. step() counts
  // those that were told; behind one that is not finite no other changes anything, and who hears of
  // one may leave the rest untold, with the state. Whatever else is asked of a state, none is under
  // way.
  virtual std::optional<Update> begin(std::span<const std::int32_t> tokens) {
    return update(tokens);
  }
  virtual std::int64_t under_way() const { return 0; }
  // Waits for the oldest under way, of which there is one.
  virtual Update next() { throw std::logic_error("no update is under way"); }

  // Cross-entropy of every token in nats, [rows * length]; collective over tensor ranks.
  virtual std::vector<float> token_losses(std::span<const std::int32_t> tokens,
                                          std::int64_t length) = 0;
  // Of how many tokens token_losses() computes a multiple, whatever it is given; 0: what it is
  // given.
  virtual std::int64_t computes_multiples_of() const { return 0; }
  // The model on this rank's processor with the weights that the state has now; until the next
  // update.
  virtual const LanguageModel& model() = 0;

  // Of the whole model: what a checkpoint holds.
  virtual StateTables tables() const = 0;
  // What this rank saves of it.
  virtual StatePart part() = 0;
  // Collective: every tensor from the leading rank's `fill`, and step and seconds from its
  // arguments; the others' are passed over.
  virtual void take_tensors(std::int64_t step, double seconds, const TensorSource& fill) = 0;

 protected:
  explicit TrainingState(RankGroups ranks) : ranks_(std::move(ranks)) {}
  // The leading rank's step and seconds on every rank; collective.
  void go_on_from(std::int64_t step, double seconds);

  RankGroups ranks_;
  std::int64_t step_ = 0;
  double seconds_ = 0;
};

}  // namespace isoloss
