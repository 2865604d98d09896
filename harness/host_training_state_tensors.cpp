// A state's tensors: what this rank saves of them, and whole ones handed from the leading rank to
// those that have parts of them.
#include <map>
#include <string>
#include <type_traits>

#include "harness/host_training_state.h"
#include "harness/optimizer.h"
#include "model/spec/shard.h"

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

// The tensor alone, at the beginning of a buffer of its own.
ParameterTable alone(Parameter p) {
  p.offset = 0;
  const std::int64_t size = p.size();
  return {{std::move(p)}, size};
}

using Place = std::map<std::string, const Parameter*>;
Place by_name(const ParameterTable& table) {
  Place place;
  for (const Parameter& p : table.parameters) place.emplace(p.name, &p);
  return place;
}

template <typename Real>
std::span<const Real> values_of(const Parameter& p, std::span<const Real> buffer) {
  return buffer.subspan(static_cast<std::size_t>(p.offset), static_cast<std::size_t>(p.size()));
}

}  // namespace

StateTables HostTrainingState::tables() const {
  const ParameterTable whole = parameter_table(model_.spec());
  return {whole, optimizer_state_table(whole, optimizer_spec_)};
}

// Weights are on every data rank, the optimizer's state may be, and a tensor that is not split is
// on every tensor rank: the first of them saves it.
StatePart HostTrainingState::part() {
  const bool alone_here = ranks_.all().size() == 1;
  const ParameterTable state_table = optimizer_state_table(mine_, optimizer_spec_);
  StatePart part;
  if (alone_here) part.tables = tables();
  std::visit(
      [&]<typename Real>(const std::vector<Real>& state) {
        const auto add = [&](const ParameterTable& table, std::span<const Real> values,
                             bool on_every_data_rank, ParameterTable& to) {
          if (on_every_data_rank && ranks_.data().rank() > 0) return;
          for (const Parameter& p : table.parameters) {
            if (p.whole_extent == 0 && ranks_.tensor().rank() > 0) continue;
            part.tensors.push_back(std::as_bytes(values_of(p, values)));
            if (alone_here) continue;
            to.parameters.push_back(p);
            to.parameters.back().offset = to.buffer_size;
            to.buffer_size += p.size();
          }
        };
        add(model_.table(), weights_of<Real>(model_), true, part.tables.weights);
        add(state_table, state, shares_.size() == 1, part.tables.optimizer);
      },
      optimizer_);
  return part;
}

void HostTrainingState::take_tensors(std::int64_t step, double seconds, const TensorSource& fill) {
  const StateTables whole = tables();
  const ParameterTable my_state = optimizer_state_table(mine_, optimizer_spec_);
  std::visit(
      [&]<typename Real>(std::vector<Real>& state) {
        std::vector<Real> tensor;
        const auto take = [&](const ParameterTable& table, const ParameterTable& mine,
                              std::span<Real> to) {
          const Place here = by_name(mine);
          for (const Parameter& p : table.parameters) {
            tensor.resize(static_cast<std::size_t>(p.size()));
            if (ranks_.leads()) fill(std::as_writable_bytes(std::span(tensor)));
            ranks_.all().broadcast(std::as_writable_bytes(std::span(tensor)), 0);
            const auto known = here.find(p.name);
            if (known == here.end()) continue;
            copy_to_shard<Real>(alone(p), tensor, {{*known->second}, mine.buffer_size}, to);
          }
        };
        take(whole.weights, model_.table(), weights_of<Real>(model_));
        take(whole.optimizer, my_state, state);
      },
      optimizer_);
  go_on_from(step, seconds);
}

}  // namespace isoloss
