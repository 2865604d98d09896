// A 2x2 matrix and a vector with three gradients each, shared by the optimizer tests. The expected
// weights in those tests were computed with NumPy 2 in float64 from the papers' formulas.
#pragma once
#include <array>
#include <vector>

#include "model/spec/parameters.h"

namespace isoloss::optimizer_cases {

// The matrix at 0 (decays), the vector at 16: tensors start at multiples of 16 elements.
inline ParameterTable table() {
  Parameter matrix{.name = "matrix", .shape = {2, 2}, .decays = true, .offset = 0};
  Parameter vector{.name = "vector", .shape = {3}, .offset = 16};
  return {{matrix, vector}, 32};
}

template <typename Real>
std::vector<Real> buffer(std::array<double, 4> matrix, std::array<double, 3> vector) {
  std::vector<Real> values(32, Real{0});
  for (std::size_t i = 0; i < 4; ++i) values[i] = static_cast<Real>(matrix[i]);
  for (std::size_t i = 0; i < 3; ++i) values[16 + i] = static_cast<Real>(vector[i]);
  return values;
}

template <typename Real>
std::vector<Real> weights() {
  return buffer<Real>({0.5, -1.0, 2.0, 0.25}, {0.0, 0.0001, 0.0003});
}

template <typename Real>
std::vector<std::vector<Real>> gradients() {
  return {buffer<Real>({0.1, -0.2, 0.3, 0.4}, {1.0, -2.0, 0.5}),
          buffer<Real>({-0.05, 0.1, 0.2, -0.6}, {0.01, 0.02, -0.03}),
          buffer<Real>({3.0, -1.0, 0.0, 0.5}, {0.7, 0.0, -0.1})};
}

}  // namespace isoloss::optimizer_cases
