#include "tests/model/parallel/thread_ranks.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <array>

namespace isoloss {
namespace {

using testing_ranks::on_ranks;

// 0 + 1 + 2 + 3 and the largest of them.
TEST(ThreadRanks, ReduceAndGather) {
  std::array<double, 4> sums{}, largest{};
  std::array<std::array<std::byte, 4>, 4> gathered{};
  on_ranks(4, [&](Communicator& ranks) {
    const auto rank = static_cast<std::size_t>(ranks.rank());
    std::array<double, 1> value = {static_cast<double>(rank)};
    ranks.all_reduce_sum(std::span<double>(value));
    sums[rank] = value[0];
    value[0] = -static_cast<double>(rank);
    ranks.all_reduce_max(std::span<double>(value));
    largest[rank] = value[0];
    const std::array mine = {static_cast<std::byte>(rank)};
    ranks.all_gather(mine, gathered[rank]);
  });
  EXPECT_THAT(sums, testing::Each(6.0));
  EXPECT_THAT(largest, testing::Each(0.0));
  for (const auto& of_rank : gathered)
    EXPECT_THAT(of_rank,
                testing::ElementsAre(std::byte{0}, std::byte{1}, std::byte{2}, std::byte{3}));
}

TEST(ThreadRanks, GroupsAreOfTheirMembersAlone) {
  std::array<double, 4> sums{};
  on_ranks(4, [&](Communicator& ranks) {
    const int first = ranks.rank() % 2;
    const std::array members = {first, first + 2};
    const auto group = ranks.group(members);
    std::array<double, 1> value = {static_cast<double>(ranks.rank())};
    group->all_reduce_sum(std::span<double>(value));
    sums[static_cast<std::size_t>(ranks.rank())] = value[0];
  });
  EXPECT_THAT(sums, testing::ElementsAre(2, 4, 2, 4));
}

}  // namespace
}  // namespace isoloss
