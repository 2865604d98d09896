// Every value of every switch, one step away from a small transformer, and combinations of those
// that meet in one formula: gradients, causality, and the fused path against the plain one.
#include <gtest/gtest.h>

#include "tests/model/layers/every_spec.h"
#include "tests/model/layers/properties.h"

namespace isoloss {
namespace {

class EverySwitch : public testing::TestWithParam<NamedSpec> {
 protected:
  LanguageModel model(Kernels kernels) const {
    LanguageModel made(GetParam().spec, 0, {Precision::Float64, kernels});
    set_formula_weights(made);
    return made;
  }
};

TEST_P(EverySwitch, GradientOfEveryTensorIsItsFiniteDifference) {
  LanguageModel m = model(Kernels::Reference);
  expect_gradients_are_finite_differences(m);
}

TEST_P(EverySwitch, AChangedTokenLeavesEarlierLogits) {
  expect_causal(model(Kernels::Reference));
  expect_causal(model(Kernels::Fused));
}

TEST_P(EverySwitch, FusedGradientsAreThePlainOnes) {
  LanguageModel fused = model(Kernels::Fused), plain = model(Kernels::Reference);
  EXPECT_NEAR(fused.loss_and_gradients(formula_tokens(), {0.01}),
              plain.loss_and_gradients(formula_tokens(), {0.01}), 1e-12);
  for (const Parameter& p : fused.table().parameters)
    for (auto i = static_cast<std::size_t>(p.offset);
         i < static_cast<std::size_t>(p.offset + p.size()); ++i)
      ASSERT_NEAR(fused.gradients64()[i], plain.gradients64()[i],
                  1e-12 * std::max(1.0, std::abs(plain.gradients64()[i])))
          << p.name;
}

std::vector<NamedSpec> switches_and_combinations() {
  std::vector<NamedSpec> specs = switch_specs();
  for (const NamedSpec& combined : combined_specs())
    if (std::ranges::count(specs, combined.name, &NamedSpec::name) == 0) specs.push_back(combined);
  return specs;
}

INSTANTIATE_TEST_SUITE_P(Switches, EverySwitch, testing::ValuesIn(switches_and_combinations()),
                         SpecTestName());

}  // namespace
}  // namespace isoloss
