#include "harness/training/rank_part.h"

#include <cstddef>
#include <map>
#include <string>
#include <utility>
#include <vector>

#include "model/spec/shard.h"

namespace isoloss {
namespace {

// The tensor alone, at the beginning of a buffer of its own.
ParameterTable alone(Parameter p) {
  p.offset = 0;
  const std::int64_t size = p.size();
  return {{std::move(p)}, size};
}

template <typename Real>
std::span<const Real> values_of(const Parameter& p, std::span<const Real> buffer) {
  return buffer.subspan(static_cast<std::size_t>(p.offset), static_cast<std::size_t>(p.size()));
}

}  // namespace

template <typename Real>
StatePart saved_part(const RankGroups& ranks, const StateTables& whole,
                     const RankPart<const Real>& mine, bool shared) {
  const bool alone_here = ranks.all().size() == 1;
  StatePart part;
  if (alone_here) part.tables = whole;
  const auto add = [&](const ParameterTable& table, std::span<const Real> values,
                       bool on_every_data_rank, ParameterTable& to) {
    if (on_every_data_rank && ranks.data().rank() > 0) return;
    for (const Parameter& p : table.parameters) {
      if (p.whole_extent == 0 && ranks.tensor().rank() > 0) continue;
      part.tensors.push_back(std::as_bytes(values_of(p, values)));
      if (alone_here) continue;
      to.parameters.push_back(p);
      to.parameters.back().offset = to.buffer_size;
      to.buffer_size += p.size();
    }
  };
  add(mine.weight_table, mine.weights, true, part.tables.weights);
  add(mine.state_table, mine.state, !shared, part.tables.optimizer);
  return part;
}

template <typename Real>
void take_part(const RankGroups& ranks, const StateTables& whole, const RankPart<Real>& mine,
               const TensorSource& fill) {
  std::vector<Real> tensor;
  const auto take = [&](const ParameterTable& table, const ParameterTable& own,
                        std::span<Real> to) {
    std::map<std::string, const Parameter*> here;
    for (const Parameter& p : own.parameters) here.emplace(p.name, &p);
    for (const Parameter& p : table.parameters) {
      tensor.resize(static_cast<std::size_t>(p.size()));
      if (ranks.leads()) fill(std::as_writable_bytes(std::span(tensor)));
      ranks.all().broadcast(std::as_writable_bytes(std::span(tensor)), 0);
      const auto known = here.find(p.name);
      if (known == here.end()) continue;
      copy_to_shard<Real>(alone(p), tensor, {{*known->second}, own.buffer_size}, to);
    }
  };
  take(whole.weights, mine.weight_table, mine.weights);
  take(whole.optimizer, mine.state_table, mine.state);
}

template StatePart saved_part(const RankGroups&, const StateTables&, const RankPart<const float>&,
                              bool);
template StatePart saved_part(const RankGroups&, const StateTables&, const RankPart<const double>&,
                              bool);
template void take_part(const RankGroups&, const StateTables&, const RankPart<float>&,
                        const TensorSource&);
template void take_part(const RankGroups&, const StateTables&, const RankPart<double>&,
                        const TensorSource&);

}  // namespace isoloss
