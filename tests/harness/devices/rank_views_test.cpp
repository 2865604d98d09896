#include "harness/devices/rank_views.h"

#include <gtest/gtest.h>

#include <vector>

#include "tests/model/parallel/thread_ranks.h"

namespace isoloss {
namespace {

// Names of any length and with any signs in them, and a rank that sees nothing.
TEST(RankViews, EveryRankLearnsWhatAllSee) {
  const std::vector<RankView> views = {{"node1", 0, {{"GPU:12", 0}, {"b", -1}}},
                                       {"a longer name", -1, {}},
                                       {"", 3, {{"", 17}}},
                                       {"3:n", 1, {{"c", 2}}}};
  for (const int ranks : {1, 2, 4}) {
    const std::vector expected(views.begin(), views.begin() + ranks);
    std::vector<std::vector<RankView>> known(static_cast<std::size_t>(ranks));
    testing_ranks::on_ranks(ranks, [&](Communicator& job) {
      const auto rank = static_cast<std::size_t>(job.rank());
      known[rank] = gather_views(job, views[rank]);
    });
    for (const auto& of_rank : known) EXPECT_EQ(of_rank, expected) << ranks << " ranks";
  }
}

}  // namespace
}  // namespace isoloss
