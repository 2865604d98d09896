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
// 27 (2/3 d)^2 = 12 d^2 values a layer, 4 d^2 of attention and 8 d^2 or 24 d^2 of feed-forward.
TEST_P(ModificationStudy, HasEqualParametersWhereSizesMatch) {
  static const std::map<std::string, std::string> match = {
      {"24x2", "36x2"}, {"24x4", "36x4"}, {"32x4", "48x4"}};
  std::map<std::string, std::set<std::int64_t>> parameters;
  for (const PlannedTrial& trial : make_plan(shipped_study(GetParam())).trials) {
    const auto narrow = match.find(trial.size);
    parameters[narrow == match.end() ? trial.size : narrow->second].insert(trial.parameters);
  }
  EXPECT_EQ(parameters.size(), 3u);
  for (const auto& [size, counts] : parameters)
    EXPECT_LE(static_cast<double>(*counts.rbegin()) / static_cast<double>(*counts.begin()), 1.07)
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
