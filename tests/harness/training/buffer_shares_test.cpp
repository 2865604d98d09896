#include "harness/training/buffer_shares.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <string>
#include <vector>

#include "tests/model/parallel/thread_ranks.h"
#include "tests/model/spec/vector_table.h"

namespace isoloss {
namespace {

using testing::ElementsAre;

// Rank r writes 10 (r + 1) into its own share; then all hold every share.
TEST(SpreadShares, BringsEveryShareToEveryRank) {
  const ParameterTable table = vectors({2, 3, 1});
  const auto shares = share_out(table, 2);  // the first tensor, and the other two
  std::vector<std::vector<float>> got(2);
  testing_ranks::on_ranks(2, [&](Communicator& ranks) {
    const auto rank = static_cast<std::size_t>(ranks.rank());
    std::vector<float> buffer(static_cast<std::size_t>(table.buffer_size), 0.0F);
    for (const Parameter& p : shares[rank].parameters)
      for (std::int64_t i = 0; i < p.size(); ++i)
        buffer[static_cast<std::size_t>(p.offset + i)] = 10 * static_cast<float>(rank + 1);
    spread_shares<float>(shares, buffer, ranks);
    got[rank] = buffer;
  });
  EXPECT_THAT(got[0], ElementsAre(10, 10, 0, 0, 20, 20, 20, 0, 0, 20, 0, 0));
  EXPECT_EQ(got[0], got[1]);
}

}  // namespace
}  // namespace isoloss
