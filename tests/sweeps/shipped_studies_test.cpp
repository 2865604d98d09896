// The studies of modifications hold what they promise: equal parameters at matching sizes and a
// cost that two cores train in half an hour.
#include <gtest/gtest.h>

#include <map>
#include <set>

#include "sweeps/plan.h"
#include "tests/sweeps/study_files.h"

namespace isoloss {
namespace {

class ModificationStudy : public testing::TestWithParam<const char*> {};

// Sizes are named by width and layers; those of twelvefold hidden width are two thirds as wide:
// 27 (2/3 d)^2 = 12 d^2 values a layer, 4 d^2 of attention and 8 d^2 or 24 d^2 of feed-forward. The
// embedding is narrower too, which weighs most at the smallest size: by hand 2 x 28 x 16^2 + 256 x
// 16 against 2 x 12 x 24^2 + 256 x 24, 8 % apart, and 10 % with biases, norms and position biases.
TEST_P(ModificationStudy, HasEqualParametersWhereSizesMatch) {
  static const std::map<std::string, std::string> twelvefold = {
      {"16x2", "24x2"}, {"24x2", "36x2"}, {"24x4", "36x4"}, {"32x4", "48x4"}};
  std::map<std::string, std::set<std::int64_t>> parameters;
  const StudyPlan plan = make_plan(shipped_study(GetParam()));
  for (const PlannedTrial& trial : plan.trials) {
    const bool narrow = plan.runs[trial.run].spec.model.d_ff_ratio == 12;
    const auto match = twelvefold.find(trial.size);
    // Rates are decided at one size for all, the twelvefold ones among them.
    if (narrow && match == twelvefold.end()) continue;
    parameters[narrow ? match->second : trial.size].insert(trial.parameters);
  }
  EXPECT_EQ(parameters.size(), 4u);
  for (const auto& [size, counts] : parameters)
    EXPECT_LE(static_cast<double>(*counts.rbegin()) / static_cast<double>(*counts.begin()),
              size == "24x2" ? 1.11 : 1.07)
        << size;
}

// 1.2e14 FLOPs on two cores at 50 GFLOP/s each take 20 minutes.
TEST_P(ModificationStudy, CostsTwoCoresLessThanHalfAnHour) {
  EXPECT_LT(make_plan(shipped_study(GetParam())).flops, 1.2e14);
}

INSTANTIATE_TEST_SUITE_P(Shipped, ModificationStudy,
                         testing::Values("insertion.yaml", "ablation.yaml", "critique.yaml"));

}  // namespace
}  // namespace isoloss
