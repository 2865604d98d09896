// Blocks of ranks, and what each does next.
#include "sweeps/rank_blocks.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <vector>

namespace isoloss {
namespace {

using testing::ElementsAre;

// 7 = 4 + 2 + 1, and 8 = 4 + 2 + 2 cannot be: 8 is one block.
TEST(RankBlocks, WholeBlocksAreTheAlignedPowersOfTwoOfTheJob) {
  EXPECT_THAT(whole_blocks(8, 1), ElementsAre(RankBlock{0, 8}));
  EXPECT_THAT(whole_blocks(7, 1), ElementsAre(RankBlock{0, 4}, RankBlock{4, 2}, RankBlock{6, 1}));
  EXPECT_THAT(whole_blocks(18, 3), ElementsAre(RankBlock{0, 12}, RankBlock{12, 6}));
}

// Two machines of twelve: 8 + 4 of each, the eights first. The block of 16 splits between the
// machines, and so does that of 8 that is left.
TEST(RankBlocks, NoBlockThatFitsIntoAMachineSpansTwo) {
  const std::vector<int> machines = {0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0,
                                     1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1};
  EXPECT_THAT(block_order(machines, 1), ElementsAre(0, 1, 2, 3, 4, 5, 6, 7, 12, 13, 14, 15, 16, 17,
                                                    18, 19, 8, 9, 10, 11, 20, 21, 22, 23));
  EXPECT_THAT(whole_blocks(24, 1), ElementsAre(RankBlock{0, 16}, RankBlock{16, 8}));
}

// Units of three: machine 0 has one and two ranks over, machine 1 two and none, and the rank of
// machine 2 makes up a unit with those that are over.
TEST(RankBlocks, UnitsStandTogetherAndWhatIsOverStandsLast) {
  EXPECT_THAT(block_order(std::vector{0, 0, 0, 0, 0, 1, 1, 1, 1, 1, 1, 2}, 3),
              ElementsAre(5, 6, 7, 8, 9, 10, 0, 1, 2, 3, 4, 11));
}

TEST(RankBlocks, MachinesOfPowersOfTwoKeepTheOrderOfTheJob) {
  EXPECT_THAT(block_order(std::vector{0, 0, 1, 1, 2, 2}, 1), ElementsAre(0, 1, 2, 3, 4, 5));
  EXPECT_THAT(block_order(std::vector{0, 1, 0, 1}, 1), ElementsAre(0, 2, 1, 3));
}

TEST(RankBlocks, HalvesAreNeighbours) {
  EXPECT_THAT(halves({4, 4}), ElementsAre(RankBlock{4, 2}, RankBlock{6, 2}));
}

// What a block does where the runs that it takes are those that `free` says.
struct Step {
  BlockStep step;
  std::vector<std::size_t> tried;
};
Step step_of(int ranks, const std::vector<RunRanks>& ready, const std::vector<bool>& free) {
  Step result{};
  result.step = next_step(
      ranks, ready,
      [&](std::size_t i) {
        result.tried.push_back(i);
        return static_cast<bool>(free[i]);
      },
      [&](std::size_t i) { return static_cast<bool>(free[i]); });
  return result;
}

TEST(RankBlocks, ABlockTakesTheMostUrgentRunOfItsWidth) {
  const Step step = step_of(2, {{1, 1}, {2, 1}, {2, 1}}, {true, false, true});
  EXPECT_EQ(step.step, BlockStep::Train);
  EXPECT_THAT(step.tried, ElementsAre(1, 2));
}

// The block for which it was planned has split: it would never be trained.
TEST(RankBlocks, ARunWhoseBlocksAreGoneIsTrainedByNarrowerOnes) {
  EXPECT_EQ(step_of(2, {{8, 1}}, {true}).step, BlockStep::Train);
}

TEST(RankBlocks, ABlockSplitsOnlyForRunsThatAreFreeAndNarrower) {
  EXPECT_EQ(step_of(4, {{1, 1}}, {true}).step, BlockStep::Split);
  EXPECT_EQ(step_of(4, {{1, 1}}, {false}).step, BlockStep::Wait);
  EXPECT_EQ(step_of(4, {{4, 4}}, {false}).step, BlockStep::Wait);
}

// Memory asks for four ranks: two wait for nobody.
TEST(RankBlocks, ABlockThatCanTrainNothingOfWhatIsLeftLeaves) {
  EXPECT_EQ(step_of(2, {{4, 4}}, {true}).step, BlockStep::Leave);
  EXPECT_EQ(step_of(2, {{4, 4}, {2, 1}}, {true, false}).step, BlockStep::Wait);
}

}  // namespace
}  // namespace isoloss
