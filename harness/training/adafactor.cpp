#include "harness/training/adafactor.h"

#include <algorithm>
#include <cmath>
#include <cstddef>
#include <utility>
#include <vector>

#include "harness/training/adafactor_tensor.h"

namespace isoloss {
namespace {

std::int64_t state_elements(const Parameter& parameter, std::int64_t min_dim_factored) {
  if (!is_factored(parameter, min_dim_factored)) return parameter.size();
  return parameter.shape[0] + parameter.shape[1];
}

// One axis of a factored tensor: a shard has its part of the moments where that axis is cut.
Parameter moments_along(const Parameter& parameter, int axis) {
  Parameter moments;
  moments.name = parameter.name + (axis == 0 ? ".row_moments" : ".column_moments");
  moments.shape = {parameter.shape[static_cast<std::size_t>(axis)]};
  if (parameter.whole_extent > 0 && parameter.tensor_axis == axis) {
    moments.tensor_axis = 0;
    moments.whole_extent = parameter.whole_extent;
    moments.first = parameter.first;
  }
  return moments;
}

}  // namespace

bool is_factored(const Parameter& parameter, std::int64_t min_dim_factored) {
  const auto least = static_cast<std::size_t>(std::max<std::int64_t>(min_dim_factored, 0));
  return parameter.shape.size() == 2 && whole_extent(parameter, 0) >= least &&
         whole_extent(parameter, 1) >= least;
}

ParameterTable adafactor_state_table(const ParameterTable& table, const OptimizerSpec& spec) {
  ParameterTable state;
  const auto add = [&state](Parameter moments) {
    moments.offset = state.buffer_size;
    state.buffer_size += moments.size();
    state.parameters.push_back(std::move(moments));
  };
  for (const Parameter& parameter : table.parameters) {
    if (is_factored(parameter, spec.min_dim_factored)) {
      add(moments_along(parameter, 0));
      add(moments_along(parameter, 1));
    } else {
      Parameter moments = parameter;
      moments.name += ".moments";
      add(std::move(moments));
    }
  }
  return state;
}

template <typename Real>
void adafactor_step(const ParameterTable& table, const OptimizerSpec& spec, double learning_rate,
                    std::int64_t t, std::span<const Real> gradients, std::span<Real> weights,
                    std::span<Real> state, Communicator* tensor_ranks, AdafactorScratch* kept) {
  AdafactorScratch own;
  AdafactorScratch& scratch = kept ? *kept : own;
  const AdafactorRates rates{1 - std::pow(static_cast<double>(t) + 1, -spec.adafactor_decay),
                             learning_rate};
  // Calls work(update) for every tensor; each has sums of its own, or `shared` by all in turn.
  const auto for_each = [&](bool shared, auto&& work) {
    std::size_t state_offset = 0, sums_offset = 0;
    for (const Parameter& parameter : table.parameters) {
      const auto offset = static_cast<std::size_t>(parameter.offset);
      const auto count = static_cast<std::size_t>(parameter.size());
      const auto moments =
          static_cast<std::size_t>(state_elements(parameter, spec.min_dim_factored));
      AdafactorTensor<Real> update(parameter, spec, rates, gradients.subspan(offset, count),
                                   weights.subspan(offset, count),
                                   state.subspan(state_offset, moments));
      const std::size_t sums = sums_offset + update.sums_size();
      if (scratch.sums.size() < sums) scratch.sums.resize(sums);
      update.use(std::span(scratch.sums).subspan(sums_offset, update.sums_size()), scratch);
      work(update);
      state_offset += moments;
      if (!shared) sums_offset = sums;
    }
  };
  if (!tensor_ranks) {
    for_each(true, [](auto& update) {  // while the tensor is in the cache
      update.measure_gradients();
      update.measure_update();
      update.apply();
    });
    return;
  }
  // One message for all tensors.
  const auto sum_over_ranks = [&](auto part) {
    std::vector<double>& message = scratch.message;
    message.clear();
    for_each(false, [&](auto& update) {
      const std::span<double> mine = part(update);
      message.insert(message.end(), mine.begin(), mine.end());
    });
    tensor_ranks->all_reduce_sum(std::span<double>(message));
    auto next = message.begin();
    for_each(false, [&](auto& update) {
      const std::span<double> mine = part(update);
      std::copy_n(next, mine.size(), mine.begin());
      next += static_cast<std::ptrdiff_t>(mine.size());
    });
  };
  for_each(false, [](auto& update) { update.measure_gradients(); });
  sum_over_ranks([](auto& update) { return update.moment_sums(); });
  for_each(false, [](auto& update) { update.measure_update(); });
  sum_over_ranks([](auto& update) { return update.update_sums(); });
  for_each(false, [](auto& update) { update.apply(); });
}

template void adafactor_step(const ParameterTable&, const OptimizerSpec&, double, std::int64_t,
                             std::span<const float>, std::span<float>, std::span<float>,
                             Communicator*, AdafactorScratch*);
template void adafactor_step(const ParameterTable&, const OptimizerSpec&, double, std::int64_t,
                             std::span<const double>, std::span<double>, std::span<double>,
                             Communicator*, AdafactorScratch*);

}  // namespace isoloss
