#include "harness/ranks/rank_groups.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <vector>

#include "tests/model/parallel/thread_ranks.h"

namespace isoloss {
namespace {

// Ranks 0 .. 5 as 2 x 3: neighbours (0 1) (2 3) (4 5) share a model, (0 2 4) (1 3 5) a batch.
TEST(RankGroups, NeighboursShareAModel) {
  std::vector<std::vector<int>> places(6);
  testing_ranks::on_ranks(6, [&](Communicator& all) {
    const RankGroups groups(all, {2, 3});
    places[static_cast<std::size_t>(all.rank())] = {groups.tensor().rank(), groups.tensor().size(),
                                                    groups.data().rank(), groups.data().size(),
                                                    groups.leads() ? 1 : 0};
  });
  EXPECT_THAT(places[0], testing::ElementsAre(0, 2, 0, 3, 1));
  EXPECT_THAT(places[1], testing::ElementsAre(1, 2, 0, 3, 0));
  EXPECT_THAT(places[4], testing::ElementsAre(0, 2, 2, 3, 0));
  EXPECT_THAT(places[5], testing::ElementsAre(1, 2, 2, 3, 0));
}

// Three ranks on one machine and two on another.
TEST(RankGroups, RanksOfOtherMachinesTakeNoneOfThisOnesMemory) {
  std::vector<int> found(5);
  testing_ranks::on_ranks(5, [&](Communicator& job) {
    found[static_cast<std::size_t>(job.rank())] =
        ranks_on_machine(job, job.rank() < 3 ? "node1" : "node12");
  });
  EXPECT_THAT(found, testing::Each(3));
}

// Two machines of three ranks: 2 + 1 of each. The block of four is 0 1 3 4 and splits between the
// machines; 2 and 5 make the block of two.
TEST(RankGroups, BlocksKeepToAMachine) {
  std::vector<std::vector<int>> places(6);
  testing_ranks::on_ranks(6, [&](Communicator& job) {
    const auto ordered = in_block_order(job, 1, job.rank() < 3 ? "one" : "two");
    const auto block = whole_block_of(*ordered, 1);
    const auto half = half_of(*block);
    std::vector<double> sum = {static_cast<double>(job.rank())};
    half->all_reduce_sum(std::span<double>(sum));
    places[static_cast<std::size_t>(job.rank())] = {ordered->rank(), block->size(),
                                                    static_cast<int>(sum[0])};
  });
  using testing::ElementsAre;
  EXPECT_THAT(places,
              ElementsAre(ElementsAre(0, 4, 1), ElementsAre(1, 4, 1), ElementsAre(4, 2, 2),
                          ElementsAre(2, 4, 7), ElementsAre(3, 4, 7), ElementsAre(5, 2, 5)));
}

TEST(RankGroups, AJobOfOneMachineKeepsItsOrder) {
  testing_ranks::on_ranks(
      3, [](Communicator& job) { EXPECT_EQ(in_block_order(job, 1, "one"), nullptr); });
}

// Of each rank the sum of the ranks of its block, after so many splits of what seven ranks make.
std::vector<int> sums_of_blocks(int splits) {
  std::vector<int> sums(7);
  testing_ranks::on_ranks(7, [&](Communicator& job) {
    auto block = whole_block_of(job, 1);
    for (int i = 0; i < splits && block->size() > 1; ++i) block = half_of(*block);
    std::vector<double> sum = {static_cast<double>(job.rank())};
    block->all_reduce_sum(std::span<double>(sum));
    sums[static_cast<std::size_t>(job.rank())] = static_cast<int>(sum[0]);
  });
  return sums;
}

// 0 1 2 3, 4 5 and 6; then 0 1, 2 3, 4, 5 and 6.
TEST(RankGroups, BlocksAreNeighboursAndSplitInHalves) {
  EXPECT_THAT(sums_of_blocks(0), testing::ElementsAre(6, 6, 6, 6, 9, 9, 6));
  EXPECT_THAT(sums_of_blocks(1), testing::ElementsAre(1, 1, 5, 5, 4, 5, 6));
  EXPECT_THAT(sums_of_blocks(2), testing::ElementsAre(0, 1, 2, 3, 4, 5, 6));
}

}  // namespace
}  // namespace isoloss
