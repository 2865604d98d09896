// From a law's formula, written once as a template, to the functions that the solver calls. A
// formula is a struct with
//   kTerms, kShape, kRegressors
//   template <class T> static std::array<T, kTerms> basis(
//       const std::array<T, kShape>& shape, const std::array<T, kTerms>& log_coefficient,
//       const std::array<double, kRegressors>& z, const std::array<double, kRegressors>& centre)
//   parameters(state, centre) and state(parameters, centre): printed parameters and back
// and, where the sum is raised to a power, template <class T> static T outer(shape).
#pragma once
#include <array>
#include <cmath>

#include "analysis/laws/law.h"
#include "analysis/numbers/jet.h"

namespace isoloss {

template <class Formula>
concept HasOuterPower = requires(const std::array<double, Formula::kShape>& shape) {
  Formula::outer(shape);
};

namespace formula {

template <std::size_t R>
std::array<double, R> row(const LawData& data, Eigen::Index i) {
  std::array<double, R> z;
  for (std::size_t r = 0; r < R; ++r) z[r] = data.z(i, static_cast<Eigen::Index>(r));
  return z;
}

template <std::size_t R>
std::array<double, R> array_of(const Eigen::ArrayXd& values) {
  std::array<double, R> out;
  for (std::size_t r = 0; r < R; ++r) out[r] = values[static_cast<Eigen::Index>(r)];
  return out;
}

template <class F>
Eigen::ArrayXXd basis(const LawData& data, const LawState& state) {
  const auto shape = array_of<F::kShape>(state.shape);
  const auto coefficient = array_of<F::kTerms>(state.log_coefficient);
  const auto centre = array_of<F::kRegressors>(data.centre);
  Eigen::ArrayXXd columns(data.points(), F::kTerms);
  for (Eigen::Index i = 0; i < data.points(); ++i) {
    const auto values = F::basis(shape, coefficient, row<F::kRegressors>(data, i), centre);
    for (std::size_t t = 0; t < F::kTerms; ++t)
      columns(i, static_cast<Eigen::Index>(t)) = values[t];
  }
  return columns;
}

template <class F>
double outer(const LawState& state) {
  return F::outer(array_of<F::kShape>(state.shape));
}

template <class F>
Eigen::ArrayXd excess(const LawData& data, const LawState& state) {
  const Eigen::ArrayXd coefficient = state.log_coefficient.exp();
  Eigen::ArrayXd sum = (basis<F>(data, state).matrix() * coefficient.matrix()).array();
  if constexpr (HasOuterPower<F>) sum = (outer<F>(state) * sum.log()).exp();
  return sum;
}

template <class F>
void expand(const LawData& data, const LawState& state, Eigen::Index first, Eigen::Index count,
            ExcessBlock& block) {
  using std::exp, std::log;
  constexpr int kSize = F::kTerms + F::kShape;
  using J = Jet<kSize>;
  const auto rows = static_cast<std::size_t>(count);
  block.value.resize(rows);
  block.gradient.resize(rows * kSize);
  block.curvature.resize(rows * J::kPairs);
  std::array<J, F::kTerms> log_coefficient, coefficient;
  std::array<J, F::kShape> shape;
  for (int t = 0; t < F::kTerms; ++t) {
    const auto at = static_cast<std::size_t>(t);
    log_coefficient[at] = J::coordinate(state.log_coefficient[t], t);
    coefficient[at] = exp(log_coefficient[at]);
  }
  for (int s = 0; s < F::kShape; ++s) {
    shape[static_cast<std::size_t>(s)] = J::coordinate(state.shape[s], F::kTerms + s);
  }
  const auto centre = array_of<F::kRegressors>(data.centre);
  for (std::size_t i = 0; i < rows; ++i) {
    const auto values =
        F::basis(shape, log_coefficient,
                 row<F::kRegressors>(data, first + static_cast<Eigen::Index>(i)), centre);
    J sum = coefficient[0] * values[0];
    for (std::size_t t = 1; t < F::kTerms; ++t) sum = sum + coefficient[t] * values[t];
    if constexpr (HasOuterPower<F>) sum = exp(F::outer(shape) * log(sum));
    block.value[i] = sum.v;
    std::copy(sum.g.begin(), sum.g.end(),
              block.gradient.begin() + static_cast<std::ptrdiff_t>(i * kSize));
    std::copy(sum.h.begin(), sum.h.end(),
              block.curvature.begin() + static_cast<std::ptrdiff_t>(i * J::kPairs));
  }
}

}  // namespace formula

template <class F>
LawMath math_of() {
  LawMath math;
  math.basis = formula::basis<F>;
  if constexpr (HasOuterPower<F>) math.outer = formula::outer<F>;
  math.excess = formula::excess<F>;
  math.expand = formula::expand<F>;
  math.parameters = F::parameters;
  math.state = F::state;
  return math;
}

}  // namespace isoloss
