// That every_spec.h has every value of every switch, so that one added to a model is tested too.
#include "tests/model/layers/every_spec.h"

#include <gtest/gtest.h>

#include <set>

namespace isoloss {
namespace {

std::vector<NamedSpec> all_specs() {
  std::vector<NamedSpec> specs = every_spec();
  for (const auto& more : {switch_specs(), combined_specs()})
    specs.insert(specs.end(), more.begin(), more.end());
  return specs;
}

std::set<std::string> values_of(const std::string& name, const std::vector<NamedSpec>& specs) {
  const SpecField& field = *std::ranges::find(spec_fields(), name, &SpecField::name);
  std::set<std::string> values;
  for (const NamedSpec& named : specs) values.insert(field.get(named.spec));
  return values;
}

// What export, reading and steady state are tested with; gradients are tested with more.
TEST(SpecsOfTests, HaveEveryValueOfEverySwitch) {
  std::vector<NamedSpec> specs = catalogue_specs();
  for (const NamedSpec& changed : switch_specs()) specs.push_back(changed);
  for (const SpecField& field : spec_fields()) {
    const std::set<std::string> values = values_of(field.name, specs);
    for (const std::string& choice : field.choices)
      EXPECT_TRUE(values.contains(choice)) << field.name << ": " << choice << " is in no spec";
  }
}

// Sizes differ from the defaults everywhere; a number that is none of them must be changed by hand.
TEST(SpecsOfTests, ChangeEveryNumber) {
  const ModelSpec frame = formula_spec("transformer");
  const std::set<std::string> sizes = {"layers",   "d_model",    "d_head",
                                       "sequence", "vocabulary", "size"};
  for (const SpecField& field : spec_fields()) {
    if (sizes.contains(field.name)) continue;
    std::set<std::string> values = values_of(field.name, all_specs());
    values.erase(field.get(frame));
    EXPECT_FALSE(values.empty()) << field.name << " is " << field.get(frame) << " in every spec";
  }
}

TEST(SpecsOfTests, NameEachModelOnce) {
  for (const auto& specs : {every_spec(), switch_specs(), combined_specs()}) {
    std::set<std::string> names;
    for (const NamedSpec& named : specs) EXPECT_TRUE(names.insert(named.name).second) << named.name;
  }
}

// Both kinds of filter, and both places, on each set of parts; each activation with a gate.
TEST(SpecsOfTests, CombineWhatMeetsInOneFormula) {
  std::set<std::string> filters;
  std::set<Activation> gates;
  for (const auto& [name, spec] : combined_specs()) {
    if (spec.gated) gates.insert(spec.activation);
    if (spec.convolution_width == 0) continue;
    const bool before = spec.convolution_place == ConvolutionPlace::BeforeProjection;
    filters.insert(spec.convolution_on + (spec.convolution_shared ? " shared"
                                          : before                ? " before"
                                                                  : ""));
  }
  EXPECT_EQ(filters.size(), 7U * 3U);
  EXPECT_EQ(gates.size(), choices_of("activation").size());
}

}  // namespace
}  // namespace isoloss
