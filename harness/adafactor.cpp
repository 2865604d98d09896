#include "harness/adafactor.h"

#include <algorithm>
#include <array>
#include <cmath>
#include <cstddef>
#include <utility>
#include <vector>

#include "harness/lane_sum.h"
#include "model/spec/shard.h"

namespace isoloss {
namespace {

struct Rates {
  double decay = 0;  // of the second moments at this step
  double learning_rate = 0;
};

// The update of one tensor, or of this rank's shard of it, in three passes over its memory. Between
// them the ranks that share the tensor add up what each saw of it.
template <typename Real>
class TensorUpdate {
 public:
  TensorUpdate(const Parameter& parameter, const OptimizerSpec& spec, const Rates& rates,
               std::span<const Real> gradients, std::span<Real> weights, std::span<Real> moments)
      : spec_(spec),
        rates_(rates),
        split_axis_(parameter.whole_extent > 0 ? parameter.tensor_axis : -1),
        gradients_(gradients),
        weights_(weights),
        moments_(moments) {
    const std::vector<std::int64_t> shape = whole_shape(parameter);
    for (const std::int64_t extent : shape) whole_size_ *= static_cast<double>(extent);
    if (!is_factored(parameter, spec.min_dim_factored)) return;
    rows_ = static_cast<std::size_t>(parameter.shape[0]);
    columns_ = static_cast<std::size_t>(parameter.shape[1]);
    whole_rows_ = static_cast<double>(shape[0]);
    whole_columns_ = static_cast<double>(shape[1]);
    sums_.assign(columns_ + 1 + rows_, 0.0);
  }

  // Pass 1: squares of the gradients. `moment_sums` is then what is summed over ranks.
  void measure_gradients() {
    if (rows_ == 0) return mix_moments();
    for (std::size_t r = 0; r < rows_; ++r) {
      const Real* __restrict g = gradients_.data() + r * columns_;
      double* __restrict of_column = sums_.data();
      sums_[columns_ + 1 + r] = lane_sum(columns_, [&](std::size_t c) {
        const double square = static_cast<double>(g[c]) * static_cast<double>(g[c]);
        of_column[c] += square;
        return square;
      });
    }
    if (split_axis_ != 1) finish_rows();
  }
  std::span<double> moment_sums() {
    if (rows_ == 0 || split_axis_ < 0) return {};
    // Rows that are cut have partial sums; else the columns are cut, and the mean over rows.
    return split_axis_ == 1 ? std::span(sums_).subspan(columns_ + 1)
                            : std::span(sums_).first(columns_ + 1);
  }

  // Pass 2: squares of the update and of the weights.
  void measure_update() {
    if (rows_ == 0) {
      squares_[0] = lane_sum(gradients_.size(), [this](std::size_t i) {
        return static_cast<double>(gradients_[i] * gradients_[i] / moments_[i]);
      });
    } else {
      if (split_axis_ == 1) finish_rows();
      finish_columns();
      for (std::size_t r = 0; r < rows_; ++r) {
        const Real* g = gradients_.data() + r * columns_;
        const Real factor = row_factor(r);
        squares_[0] += lane_sum(columns_, [&](std::size_t c) {
          const auto update = static_cast<double>(g[c] * factor * column_factors_[c]);
          return update * update;
        });
      }
    }
    squares_[1] = lane_sum(weights_.size(), [this](std::size_t i) {
      const auto weight = static_cast<double>(weights_[i]);
      return weight * weight;
    });
  }
  std::span<double> update_sums() {
    return split_axis_ < 0 ? std::span<double>() : std::span<double>(squares_);
  }

  // Pass 3.
  void apply() {
    const double scale = std::max(spec_.adafactor_epsilon2, std::sqrt(squares_[1] / whole_size_));
    const double clipping =
        std::max(1.0, std::sqrt(squares_[0] / whole_size_) / spec_.adafactor_clip);
    const Real size = static_cast<Real>(rates_.learning_rate * scale / clipping);
    if (rows_ == 0) {
      const Real* __restrict g = gradients_.data();
      const Real* __restrict v = moments_.data();
      Real* __restrict w = weights_.data();
      for (std::size_t i = 0; i < gradients_.size(); ++i) w[i] -= size * g[i] / std::sqrt(v[i]);
      return;
    }
    for (std::size_t r = 0; r < rows_; ++r) {
      const Real* __restrict g = gradients_.data() + r * columns_;
      const Real* __restrict of_column = column_factors_.data();
      Real* __restrict w = weights_.data() + r * columns_;
      const Real factor = size * row_factor(r);
      for (std::size_t c = 0; c < columns_; ++c) w[c] -= g[c] * factor * of_column[c];
    }
  }

 private:
  void mix_moments() {
    const Real keep = static_cast<Real>(rates_.decay);
    const Real mix = static_cast<Real>(1 - rates_.decay);
    const Real epsilon = static_cast<Real>(spec_.adafactor_epsilon1);
    const Real* __restrict g = gradients_.data();
    Real* __restrict v = moments_.data();
    for (std::size_t i = 0; i < gradients_.size(); ++i)
      v[i] = keep * v[i] + mix * (g[i] * g[i] + epsilon);
  }

  Real mixed(Real moment, double mean) const {
    return static_cast<Real>(rates_.decay * static_cast<double>(moment) +
                             (1 - rates_.decay) * (mean + spec_.adafactor_epsilon1));
  }
  void finish_rows() {
    double& mean_over_rows = sums_[columns_];
    for (std::size_t r = 0; r < rows_; ++r) {
      moments_[r] = mixed(moments_[r], sums_[columns_ + 1 + r] / whole_columns_);
      mean_over_rows += static_cast<double>(moments_[r]) / whole_rows_;
    }
  }
  void finish_columns() {
    column_factors_.resize(columns_);
    for (std::size_t c = 0; c < columns_; ++c) {
      Real& moment = moments_[rows_ + c];
      moment = mixed(moment, sums_[c] / whole_rows_);
      column_factors_[c] = static_cast<Real>(1 / std::sqrt(static_cast<double>(moment)));
    }
  }
  Real row_factor(std::size_t r) const {
    return static_cast<Real>(std::sqrt(sums_[columns_] / static_cast<double>(moments_[r])));
  }

  const OptimizerSpec& spec_;
  Rates rates_;
  int split_axis_;
  std::span<const Real> gradients_;
  std::span<Real> weights_;
  std::span<Real> moments_;             // of a factored tensor: its rows, then its columns
  std::size_t rows_ = 0, columns_ = 0;  // zero where it is not factored
  double whole_rows_ = 0, whole_columns_ = 0, whole_size_ = 1;
  std::vector<double> sums_;         // by column, the mean over rows, by row
  std::array<double, 2> squares_{};  // of the update before its scale, of the weights
  std::vector<Real> column_factors_;
};

// One message for all tensors.
template <typename Real>
void sum_over_ranks(std::vector<TensorUpdate<Real>>& updates,
                    std::span<double> (TensorUpdate<Real>::*part)(), Communicator& ranks) {
  std::vector<double> all;
  for (auto& update : updates) {
    const std::span<double> mine = (update.*part)();
    all.insert(all.end(), mine.begin(), mine.end());
  }
  ranks.all_reduce_sum(std::span<double>(all));
  auto next = all.begin();
  for (auto& update : updates) {
    const std::span<double> mine = (update.*part)();
    std::copy_n(next, mine.size(), mine.begin());
    next += static_cast<std::ptrdiff_t>(mine.size());
  }
}

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
  const std::vector<std::int64_t> shape = whole_shape(parameter);
  return shape.size() == 2 && std::min(shape[0], shape[1]) >= min_dim_factored;
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
                    std::span<Real> state, Communicator* tensor_ranks) {
  const Rates rates{1 - std::pow(static_cast<double>(t) + 1, -spec.adafactor_decay), learning_rate};
  std::vector<TensorUpdate<Real>> updates;
  std::size_t state_offset = 0;
  for (const Parameter& parameter : table.parameters) {
    const auto offset = static_cast<std::size_t>(parameter.offset);
    const auto count = static_cast<std::size_t>(parameter.size());
    const auto kept = static_cast<std::size_t>(state_elements(parameter, spec.min_dim_factored));
    updates.emplace_back(parameter, spec, rates, gradients.subspan(offset, count),
                         weights.subspan(offset, count), state.subspan(state_offset, kept));
    state_offset += kept;
  }
  if (!tensor_ranks) {
    for (auto& update : updates) {  // while the tensor is in the cache
      update.measure_gradients();
      update.measure_update();
      update.apply();
    }
    return;
  }
  for (auto& update : updates) update.measure_gradients();
  sum_over_ranks(updates, &TensorUpdate<Real>::moment_sums, *tensor_ranks);
  for (auto& update : updates) update.measure_update();
  sum_over_ranks(updates, &TensorUpdate<Real>::update_sums, *tensor_ranks);
  for (auto& update : updates) update.apply();
}

template void adafactor_step(const ParameterTable&, const OptimizerSpec&, double, std::int64_t,
                             std::span<const float>, std::span<float>, std::span<float>,
                             Communicator*);
template void adafactor_step(const ParameterTable&, const OptimizerSpec&, double, std::int64_t,
                             std::span<const double>, std::span<double>, std::span<double>,
                             Communicator*);

}  // namespace isoloss
