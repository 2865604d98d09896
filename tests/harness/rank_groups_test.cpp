#include "harness/rank_groups.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <vector>

#include "model/spec/error.h"
#include "tests/harness/periodic_training.h"
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

StudyPlan plan_of(std::int64_t tensor, std::int64_t data) {
  StudyPlan plan;
  plan.runs.resize(2);
  for (PlannedRun& run : plan.runs) {
    run.spec = tiny_spec();
    run.spec.tensor_parallel = tensor;
    run.spec.data_parallel = data;
  }
  return plan;
}

TEST(PlanLayout, RefusesRanksThatDoNotMakeWholeBlocks) {
  EXPECT_EQ(plan_layout(plan_of(2, 2), 8, 8), (RankLayout{2, 2}));
  EXPECT_EQ(plan_layout(plan_of(0, 0), 3, 3), (RankLayout{1, 1}));
  try {
    plan_layout(plan_of(2, 2), 6, 6);
    FAIL();
  } catch (const InputError& problem) {
    EXPECT_STREQ(problem.what(),
                 "6 ranks do not make blocks of 4 (tensor_parallel 2 x data_parallel 2 ranks train "
                 "a run together); start it with --ranks 8");
  }
}

// Three ranks on one machine and two on another.
TEST(PlanLayout, RanksOfOtherMachinesTakeNoneOfThisOnesMemory) {
  std::vector<int> found(5);
  testing_ranks::on_ranks(5, [&](Communicator& job) {
    found[static_cast<std::size_t>(job.rank())] =
        ranks_on_machine(job, job.rank() < 3 ? "node1" : "node12");
  });
  EXPECT_THAT(found, testing::Each(3));
}

// Six ranks in blocks of two: 0 1, 2 3, 4 5.
TEST(PlanLayout, BlocksAreNeighbours) {
  std::vector<int> first(6);
  testing_ranks::on_ranks(6, [&](Communicator& job) {
    const auto block = block_of(job, {2, 1});
    std::vector<double> sum = {static_cast<double>(job.rank())};
    block->all_reduce_sum(std::span<double>(sum));
    first[static_cast<std::size_t>(job.rank())] = static_cast<int>(sum[0]);
  });
  EXPECT_THAT(first, testing::ElementsAre(1, 1, 5, 5, 9, 9));
}

}  // namespace
}  // namespace isoloss
