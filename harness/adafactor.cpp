#include "harness/adafactor.h"

#include <algorithm>
#include <cmath>
#include <cstddef>
#include <vector>

#include "harness/lane_sum.h"

namespace isoloss {
namespace {

struct Rates {
  double decay = 0;  // of the second moments at this step
  double learning_rate = 0;
};

template <typename Real>
double mean_square(std::span<const Real> values) {
  const double sum = lane_sum(values.size(), [values](std::size_t i) {
    const auto value = static_cast<double>(values[i]);
    return value * value;
  });
  return sum / static_cast<double>(values.size());
}

// What a unit of the update is multiplied by: learning rate, RMS of the weights, clipping.
template <typename Real>
Real step_size(const OptimizerSpec& spec, const Rates& rates, std::span<const Real> weights,
               double update_square_sum) {
  const double update_rms = std::sqrt(update_square_sum / static_cast<double>(weights.size()));
  const double scale = std::max(spec.adafactor_epsilon2, std::sqrt(mean_square(weights)));
  return static_cast<Real>(rates.learning_rate * scale /
                           std::max(1.0, update_rms / spec.adafactor_clip));
}

template <typename Real>
void step_whole(const OptimizerSpec& spec, const Rates& rates, std::span<const Real> gradients,
                std::span<Real> weights, std::span<Real> moments) {
  const Real keep = static_cast<Real>(rates.decay);
  const Real mix = static_cast<Real>(1 - rates.decay);
  const Real epsilon = static_cast<Real>(spec.adafactor_epsilon1);
  const Real* __restrict g = gradients.data();
  Real* __restrict v = moments.data();
  Real* __restrict w = weights.data();
  const std::size_t count = gradients.size();
  for (std::size_t i = 0; i < count; ++i) v[i] = keep * v[i] + mix * (g[i] * g[i] + epsilon);
  const double square_sum =
      lane_sum(count, [g, v](std::size_t i) { return static_cast<double>(g[i] * g[i] / v[i]); });
  const Real size = step_size<Real>(spec, rates, weights, square_sum);
  for (std::size_t i = 0; i < count; ++i) w[i] -= size * g[i] / std::sqrt(v[i]);
}

template <typename Real>
void step_factored(const OptimizerSpec& spec, const Rates& rates, std::span<const Real> gradients,
                   std::span<Real> weights, std::span<Real> row_moments,
                   std::span<Real> column_moments) {
  const std::size_t rows = row_moments.size(), columns = column_moments.size();
  std::vector<double> column_sums(columns, 0.0);
  double row_mean = 0;
  for (std::size_t r = 0; r < rows; ++r) {
    const Real* __restrict g = gradients.data() + r * columns;
    const double sum = lane_sum(columns, [&](std::size_t c) {
      const double square = static_cast<double>(g[c]) * static_cast<double>(g[c]);
      column_sums[c] += square;
      return square;
    });
    const double mean = sum / static_cast<double>(columns) + spec.adafactor_epsilon1;
    row_moments[r] = static_cast<Real>(rates.decay * static_cast<double>(row_moments[r]) +
                                       (1 - rates.decay) * mean);
    row_mean += static_cast<double>(row_moments[r]) / static_cast<double>(rows);
  }
  std::vector<Real> column_factors(columns);
  for (std::size_t c = 0; c < columns; ++c) {
    const double mean = column_sums[c] / static_cast<double>(rows) + spec.adafactor_epsilon1;
    column_moments[c] = static_cast<Real>(rates.decay * static_cast<double>(column_moments[c]) +
                                          (1 - rates.decay) * mean);
    column_factors[c] = static_cast<Real>(1 / std::sqrt(static_cast<double>(column_moments[c])));
  }
  const auto row_factor = [&](std::size_t r) {
    return static_cast<Real>(std::sqrt(row_mean / static_cast<double>(row_moments[r])));
  };
  double square_sum = 0;
  for (std::size_t r = 0; r < rows; ++r) {
    const Real* g = gradients.data() + r * columns;
    const Real factor = row_factor(r);
    square_sum += lane_sum(columns, [&](std::size_t c) {
      const auto update = static_cast<double>(g[c] * factor * column_factors[c]);
      return update * update;
    });
  }
  const Real size = step_size<Real>(spec, rates, weights, square_sum);
  for (std::size_t r = 0; r < rows; ++r) {
    const Real* __restrict g = gradients.data() + r * columns;
    Real* __restrict w = weights.data() + r * columns;
    const Real factor = size * row_factor(r);
    for (std::size_t c = 0; c < columns; ++c) w[c] -= g[c] * factor * column_factors[c];
  }
}

std::int64_t state_elements(const Parameter& parameter, std::int64_t min_dim_factored) {
  if (!is_factored(parameter, min_dim_factored)) return parameter.size();
  return parameter.shape[0] + parameter.shape[1];
}

}  // namespace

bool is_factored(const Parameter& parameter, std::int64_t min_dim_factored) {
  return parameter.shape.size() == 2 &&
         std::min(parameter.shape[0], parameter.shape[1]) >= min_dim_factored;
}

std::int64_t adafactor_state_size(const ParameterTable& table, const OptimizerSpec& spec) {
  std::int64_t size = 0;
  for (const Parameter& parameter : table.parameters) {
    size += state_elements(parameter, spec.min_dim_factored);
  }
  return size;
}

template <typename Real>
void adafactor_step(const ParameterTable& table, const OptimizerSpec& spec, double learning_rate,
                    std::int64_t t, std::span<const Real> gradients, std::span<Real> weights,
                    std::span<Real> state) {
  const Rates rates{1 - std::pow(static_cast<double>(t) + 1, -spec.adafactor_decay), learning_rate};
  std::size_t state_offset = 0;
  for (const Parameter& parameter : table.parameters) {
    const auto offset = static_cast<std::size_t>(parameter.offset);
    const auto count = static_cast<std::size_t>(parameter.size());
    const auto kept = static_cast<std::size_t>(state_elements(parameter, spec.min_dim_factored));
    const auto moments = state.subspan(state_offset, kept);
    state_offset += kept;
    if (is_factored(parameter, spec.min_dim_factored)) {
      const auto rows = static_cast<std::size_t>(parameter.shape[0]);
      step_factored<Real>(spec, rates, gradients.subspan(offset, count),
                          weights.subspan(offset, count), moments.first(rows),
                          moments.subspan(rows));
    } else {
      step_whole<Real>(spec, rates, gradients.subspan(offset, count),
                       weights.subspan(offset, count), moments);
    }
  }
}

template void adafactor_step(const ParameterTable&, const OptimizerSpec&, double, std::int64_t,
                             std::span<const float>, std::span<float>, std::span<float>);
template void adafactor_step(const ParameterTable&, const OptimizerSpec&, double, std::int64_t,
                             std::span<const double>, std::span<double>, std::span<double>);

}  // namespace isoloss
