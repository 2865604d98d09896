#include "harness/training/adamw.h"

#include <gtest/gtest.h>

#include "tests/harness/training/optimizer_cases.h"

namespace isoloss {
namespace {

template <typename Real>
std::vector<Real> three_steps() {
  OptimizerSpec spec;
  spec.beta1 = 0.9;
  spec.beta2 = 0.95;
  spec.epsilon = 1e-8;
  spec.weight_decay = 0.1;
  const ParameterTable table = optimizer_cases::table();
  auto weights = optimizer_cases::weights<Real>();
  std::vector<Real> state(static_cast<std::size_t>(adamw_state_size(table)), Real{0});
  std::int64_t t = 0;
  for (const auto& gradient : optimizer_cases::gradients<Real>()) {
    adamw_step<Real>(table, spec, 0.01, t++, gradient, weights, state);
  }
  return weights;
}

// NumPy: m, v moving averages divided by 1 - beta^(t+1); w -= 0.01 (m / (sqrt(v) + 1e-8) + 0.1 w),
// the decay on the matrix only.
TEST(AdamW, FollowsTheTextbook) {
  const auto want = optimizer_cases::buffer<double>(
      {0.4795374530662541, -0.9778083339917544, 1.9666501069747613, 0.23967085327379417},
      {-0.02488363652721864, 0.022065196977327853, -0.0195848751559161});
  const auto got = three_steps<double>();
  for (std::size_t i = 0; i < want.size(); ++i) EXPECT_NEAR(got[i], want[i], 1e-14) << i;
}

TEST(AdamW, SinglePrecisionAgreesWithDouble) {
  const auto exact = three_steps<double>();
  const auto single = three_steps<float>();
  for (std::size_t i = 0; i < exact.size(); ++i) EXPECT_NEAR(single[i], exact[i], 1e-6) << i;
}

}  // namespace
}  // namespace isoloss
