#include "analysis/numbers/clustered_mean.h"

#include <gtest/gtest.h>

#include <cmath>
#include <numeric>

namespace isoloss {
namespace {

const std::vector<double> kSeven{1, 0, 1, 1, 0, 0, 1};

TEST(ClusteredMean, OfItemsOnTheirOwnIsTheStandardErrorOfAMean) {
  std::vector<std::size_t> each(7);
  std::iota(each.begin(), each.end(), std::size_t{0});
  const ClusteredMean mean = clustered_mean(kSeven, each);
  EXPECT_DOUBLE_EQ(mean.value, 4 / 7.0);
  // NumPy: v.std(ddof=1) / sqrt(7).
  EXPECT_NEAR(mean.standard_error, 0.20203050891044214, 1e-15);
  EXPECT_EQ(mean.clusters, 7U);
}

// NumPy: sqrt(4/3 sum of the squared totals of (v - mean) over the four clusters) / 7.
TEST(ClusteredMean, OfItemsThatShareAPassageSumsEachPassageFirst) {
  const ClusteredMean mean = clustered_mean(
      kSeven, cluster_numbers(std::vector<std::string>{"a", "a", "b", "b", "b", "c", "d"}));
  EXPECT_NEAR(mean.standard_error, 0.12907255755789304, 1e-15);
  EXPECT_EQ(mean.items, 7U);
  EXPECT_EQ(mean.clusters, 4U);
}

// Copies of items say nothing new: the error stays that of the originals.
TEST(ClusteredMean, DoesNotShrinkWhenItemsAreCopied) {
  std::vector<double> values;
  std::vector<std::size_t> clusters;
  for (std::size_t copy = 0; copy < 3; ++copy) {
    for (std::size_t i = 0; i < kSeven.size(); ++i) {
      values.push_back(kSeven[i]);
      clusters.push_back(i);
    }
  }
  EXPECT_NEAR(clustered_mean(values, clusters).standard_error, 0.20203050891044214, 1e-15);
}

TEST(ClusteredMean, OfOneClusterHasNoError) {
  EXPECT_TRUE(std::isnan(clustered_mean(kSeven, std::vector<std::size_t>(7, 0)).standard_error));
  EXPECT_TRUE(std::isnan(clustered_mean({}, {}).value));
}

}  // namespace
}  // namespace isoloss
