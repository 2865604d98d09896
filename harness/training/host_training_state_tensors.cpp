// A state's tensors: what this rank saves of them, and whole ones handed from the leading rank to
// those that have parts of them.
#include <type_traits>

#include "harness/training/host_training_state.h"
#include "harness/training/optimizer.h"
#include "harness/training/rank_part.h"

namespace isoloss {
namespace {

template <typename Real>
std::span<Real> weights_of(LanguageModel& model) {
  if constexpr (std::is_same_v<Real, float>) {
    return model.weights32();
  } else {
    return model.weights64();
  }
}

}  // namespace

StateTables HostTrainingState::tables() const {
  const ParameterTable whole = parameter_table(model_.spec());
  return {whole, optimizer_state_table(whole, optimizer_spec_)};
}

StatePart HostTrainingState::part() {
  const ParameterTable state_table = optimizer_state_table(mine_, optimizer_spec_);
  return std::visit(
      [&]<typename Real>(const std::vector<Real>& state) {
        return saved_part<Real>(ranks_, tables(),
                                {model_.table(), weights_of<Real>(model_), state_table, state},
                                shares_.size() > 1);
      },
      optimizer_);
}

void HostTrainingState::take_tensors(std::int64_t step, double seconds, const TensorSource& fill) {
  const ParameterTable state_table = optimizer_state_table(mine_, optimizer_spec_);
  std::visit(
      [&]<typename Real>(std::vector<Real>& state) {
        take_part<Real>(ranks_, tables(),
                        {model_.table(), weights_of<Real>(model_), state_table, state}, fill);
      },
      optimizer_);
  go_on_from(step, seconds);
}

}  // namespace isoloss
