#include "harness/training/training_order.h"

#include <gtest/gtest.h>

#include "tests/model/parallel/thread_ranks.h"

namespace isoloss {
namespace {

TEST(TrainingOrder, ReachesEveryRankOfTheBlockUntilNothingIsLeft) {
  const TrainingOrder order{
      7,
      {1, 3},
      true,
      {100, {{40, 1e6, BudgetUnit::Flops}, {100, 2e6}}, std::chrono::seconds(5)},
      2};
  std::vector<std::vector<BlockOrder>> taken(3);
  testing_ranks::on_ranks(3, [&](Communicator& block) {
    if (block.rank() == 0) {
      for (const BlockOrder& one :
           {BlockOrder(order), BlockOrder(SplitOrder{}), BlockOrder(LeaveOrder{})})
        give_order(one, block);
    } else {
      for (int i = 0; i < 3; ++i)
        taken[static_cast<std::size_t>(block.rank())].push_back(take_order(block));
    }
  });
  for (const std::size_t rank : {1U, 2U}) {
    const auto* training = std::get_if<TrainingOrder>(&taken[rank][0]);
    ASSERT_NE(training, nullptr);
    EXPECT_EQ(training->run, 7U);
    EXPECT_EQ(training->layout, (RankLayout{1, 3}));
    EXPECT_TRUE(training->resumes);
    EXPECT_EQ(training->attempt, 2);
    EXPECT_EQ(training->segment.to, 100);
    EXPECT_EQ(training->segment.checkpoint_every, std::chrono::seconds(5));
    ASSERT_EQ(training->segment.stops.size(), 2U);
    EXPECT_EQ(training->segment.stops[0].step, 40);
    EXPECT_EQ(training->segment.stops[1].step, 100);
    EXPECT_TRUE(std::holds_alternative<SplitOrder>(taken[rank][1]));
    EXPECT_TRUE(std::holds_alternative<LeaveOrder>(taken[rank][2]));
  }
}

}  // namespace
}  // namespace isoloss
