// A state's tensors, one after the other, between the ranks that have parts of them and the leading
// rank.
#include <array>
#include <map>
#include <string>
#include <type_traits>

#include "harness/optimizer.h"
#include "harness/training_state.h"
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

// What each tensor rank has of a whole tensor; one part where all have it all.
std::vector<ParameterTable> parts_of(std::size_t tensor, std::span<const ParameterTable> shards) {
  std::vector<ParameterTable> parts;
  for (const ParameterTable& shard : shards) {
    parts.push_back(alone(shard.parameters[tensor]));
    if (shard.parameters[tensor].whole_extent == 0) break;
  }
  return parts;
}

// A tensor of which rank roots[i] of `ranks` has parts[i], in `mine`, put together on rank 0. The
// others' copies of the parts are by the way: a broadcast is what the interface has.
template <typename Real>
void put_together(const ParameterTable& whole, std::span<const ParameterTable> parts, int first,
                  std::span<const Real> mine, Communicator& ranks, std::vector<Real>& to) {
  if (ranks.rank() == 0) to.resize(static_cast<std::size_t>(whole.buffer_size));
  std::vector<Real> part;
  for (std::size_t i = 0; i < parts.size(); ++i) {
    const int root = first + static_cast<int>(i);
    part.resize(static_cast<std::size_t>(parts[i].buffer_size));
    if (root == ranks.rank()) part.assign(mine.begin(), mine.end());
    if (root != 0) ranks.broadcast(std::as_writable_bytes(std::span(part)), root);
    if (ranks.rank() == 0) copy_from_shard<Real>(parts[i], part, whole, to);
  }
}

template <typename Real>
std::span<const Real> values_of(const Parameter& p, std::span<const Real> buffer) {
  return buffer.subspan(static_cast<std::size_t>(p.offset), static_cast<std::size_t>(p.size()));
}

}  // namespace

StateTables TrainingState::tables() const {
  const ParameterTable whole = parameter_table(model_.spec());
  return {whole, optimizer_state_table(whole, optimizer_spec_)};
}

void TrainingState::give_tensors(const TensorSink& take) {
  const StateTables whole = tables();
  const ParameterTable my_state = optimizer_state_table(mine_, optimizer_spec_);
  const Place here = by_name(my_state);
  std::map<std::string, int> owners;  // data ranks, of what each has a share of
  std::vector<ParameterTable> states;
  for (const ParameterTable& shard : shards_)
    states.push_back(optimizer_state_table(shard, optimizer_spec_));
  for (std::size_t rank = 0; rank < shares_.size(); ++rank)
    for (const Parameter& p : optimizer_state_table(shares_[rank], optimizer_spec_).parameters)
      owners.emplace(p.name, static_cast<int>(rank));
  const bool leads = ranks_.leads();
  std::visit(
      [&]<typename Real>(const std::vector<Real>& state) {
        std::vector<Real> tensor;
        const auto give = [&](std::span<const Real> values) {
          if (leads) take(std::as_bytes(values));
        };
        const std::span<const Real> weights = weights_of<Real>(model_);
        for (std::size_t i = 0; i < whole.weights.parameters.size(); ++i) {
          const auto mine = values_of(model_.table().parameters[i], weights);
          const auto parts = parts_of(i, shards_);
          // The leading rank's tensor group has it all.
          if (parts.size() > 1 && ranks_.data().rank() == 0) {
            put_together<Real>(alone(whole.weights.parameters[i]), parts, 0, mine, ranks_.tensor(),
                               tensor);
            give(tensor);
          } else {
            give(mine);
          }
        }
        for (std::size_t i = 0; i < whole.optimizer.parameters.size(); ++i) {
          const Parameter& p = whole.optimizer.parameters[i];
          const auto known = here.find(p.name);
          const auto mine = known == here.end() ? std::span<const Real>()
                                                : values_of(*known->second, std::span(state));
          const auto parts = parts_of(i, states);
          const int first = owners.at(p.name) * ranks_.tensor().size();
          if (first == 0 && parts.size() == 1) {
            give(mine);
            continue;
          }
          put_together<Real>(alone(p), parts, first, mine, ranks_.all(), tensor);
          give(tensor);
        }
      },
      optimizer_);
}

void TrainingState::take_tensors(std::int64_t step, double seconds, const TensorSource& fill) {
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
  std::array<double, 2> place = {static_cast<double>(step), seconds};
  ranks_.all().broadcast(std::as_writable_bytes(std::span(place)), 0);
  step_ = static_cast<std::int64_t>(place[0]);
  seconds_ = place[1];
}

}  // namespace isoloss
