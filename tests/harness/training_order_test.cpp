#include "harness/training_order.h"

#include <gtest/gtest.h>

#include "tests/model/parallel/thread_ranks.h"

namespace isoloss {
namespace {

TEST(TrainingOrder, ReachesEveryRankOfTheBlockUntilNothingIsLeft) {
  TrainingOrder order{7, true, {100, {{40, 1e6, BudgetUnit::Flops}, {100, 2e6}}}};
  order.segment.checkpoint_every = std::chrono::seconds(5);
  std::vector<std::optional<TrainingOrder>> taken(3, order);
  std::vector<std::optional<TrainingOrder>> last(3, order);
  testing_ranks::on_ranks(3, [&](Communicator& block) {
    const auto rank = static_cast<std::size_t>(block.rank());
    if (rank == 0) {
      give_order(order, block);
      give_order(std::nullopt, block);
    } else {
      taken[rank] = take_order(block);
      last[rank] = take_order(block);
    }
  });
  for (const std::size_t rank : {1U, 2U}) {
    ASSERT_TRUE(taken[rank].has_value());
    EXPECT_EQ(taken[rank]->run, 7U);
    EXPECT_TRUE(taken[rank]->resumes);
    EXPECT_EQ(taken[rank]->segment.to, 100);
    EXPECT_EQ(taken[rank]->segment.checkpoint_every, std::chrono::seconds(5));
    ASSERT_EQ(taken[rank]->segment.stops.size(), 2U);
    EXPECT_EQ(taken[rank]->segment.stops[0].step, 40);
    EXPECT_EQ(taken[rank]->segment.stops[1].step, 100);
    EXPECT_FALSE(last[rank].has_value());
  }
}

}  // namespace
}  // namespace isoloss
