#include "model/spec/tensor_shares.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <cstddef>
#include <cstdint>
#include <vector>

#include "tests/model/spec/vector_table.h"

namespace isoloss {
namespace {

using testing::ElementsAre;

std::vector<std::size_t> tensors_of(const std::vector<ParameterTable>& shares) {
  std::vector<std::size_t> counts;
  for (const ParameterTable& share : shares) counts.push_back(share.parameters.size());
  return counts;
}

TEST(ShareOut, GivesWholeTensorsOfNearlyEqualSize) {
  EXPECT_THAT(tensors_of(share_out(vectors({10, 10, 10, 10}), 2)), ElementsAre(2, 2));
  EXPECT_THAT(tensors_of(share_out(vectors({30, 5, 5, 5, 5, 5, 5}), 2)), ElementsAre(1, 6));
  EXPECT_THAT(tensors_of(share_out(vectors({7, 3}), 1)), ElementsAre(2));
}

TEST(ShareOut, LeavesARankWithoutTensorsWhereOneIsTooLarge) {
  EXPECT_THAT(tensors_of(share_out(vectors({100, 1}), 3)), ElementsAre(0, 1, 1));
}

// Shards of 1 and 2 of three columns: their ranks must hand the same tensors to the same rank.
TEST(ShareOut, CountsWholeTensorsWhereRanksHaveShards) {
  const auto shard = [](std::int64_t columns) {
    ParameterTable table = vectors({4, columns, 2});
    table.parameters[1].tensor_axis = 0;
    table.parameters[1].whole_extent = 3;
    return tensors_of(share_out(table, 2));
  };
  EXPECT_EQ(shard(1), shard(2));
}

}  // namespace
}  // namespace isoloss
