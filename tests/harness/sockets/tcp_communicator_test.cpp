// Ranks as threads, each with sockets of its own, at 1, 2 and 4 ranks.
#include "harness/sockets/tcp_communicator.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <array>
#include <atomic>
#include <cstddef>
#include <cstring>
#include <filesystem>
#include <functional>
#include <memory>
#include <span>
#include <string>
#include <thread>
#include <vector>

#include "model/spec/error.h"
#include "tests/temporary_folder.h"

namespace isoloss {
namespace {

namespace fs = std::filesystem;
using namespace std::chrono_literals;
using testing::HasSubstr;

class TcpRanks : public testing::TestWithParam<int> {
 protected:
  std::unique_ptr<Communicator> join(int rank, int size) const {
    return make_tcp_communicator({rank, size, "1234-0-0"}, {folder_, "127.0.0.1", 20s});
  }

  // work(job) on a thread for each rank; what one throws is said by it.
  void on_ranks(int count, const std::function<void(Communicator&)>& work) const {
    std::vector<std::jthread> threads;
    for (int rank = 0; rank < count; ++rank)
      threads.emplace_back([&, rank] {
        try {
          work(*join(rank, count));
        } catch (const std::exception& problem) {
          ADD_FAILURE() << "rank " << rank << ": " << problem.what();
        }
      });
  }

  const test::TemporaryFolder own_;
  const fs::path folder_ = own_.path();
};

TEST_P(TcpRanks, KnowEachOther) {
  std::atomic<int> seen = 0;
  on_ranks(GetParam(), [&](Communicator& job) {
    EXPECT_EQ(job.size(), GetParam());
    seen += 1 << job.rank();
  });
  EXPECT_EQ(seen, (1 << GetParam()) - 1);
  EXPECT_TRUE(fs::is_empty(folder_)) << "the meeting is over";
}

TEST_P(TcpRanks, BroadcastCopiesAnyRoot) {
  on_ranks(GetParam(), [&](Communicator& job) {
    for (int root = 0; root < job.size(); ++root) {
      std::array<char, 6> text = {"wrong"};
      if (job.rank() == root) std::strcpy(text.data(), "right");
      job.broadcast(std::as_writable_bytes(std::span(text)), root);
      EXPECT_STREQ(text.data(), "right");
    }
  });
}

// The identity of a group of devices: 128 bytes that mean nothing here, zeros among them.
TEST_P(TcpRanks, AnIdentityArrivesAsItIs) {
  on_ranks(GetParam(), [&](Communicator& job) {
    std::array<std::byte, 128> sent{}, id{};
    for (std::size_t i = 0; i < sent.size(); i += 3) sent[i] = static_cast<std::byte>(7 * i);
    if (job.rank() == 0) id = sent;
    job.broadcast(id, 0);
    EXPECT_EQ(id, sent);
  });
}

TEST_P(TcpRanks, GatherInTheOrderOfRanks) {
  on_ranks(GetParam(), [&](Communicator& job) {
    constexpr std::size_t kCount = 300'000;  // more than a socket's buffer
    const std::vector<std::byte> mine(kCount, static_cast<std::byte>(job.rank() + 1));
    std::vector<std::byte> all(kCount * static_cast<std::size_t>(job.size()));
    job.all_gather(mine, all);
    std::size_t wrong = 0;
    for (std::size_t i = 0; i < all.size(); ++i)
      if (all[i] != static_cast<std::byte>(i / kCount + 1)) ++wrong;
    EXPECT_EQ(wrong, 0U);
  });
}

// 1e8 + 1 rounds to 1e8 in float: only the order of the ranks gives the bits of the loop below.
TEST_P(TcpRanks, SumInTheOrderOfRanks) {
  const auto value_of = [](int rank, std::size_t i) {
    const auto sign = (rank + static_cast<int>(i)) % 2 == 0 ? 1.0F : -1.0F;
    return sign * 1e8F / static_cast<float>(rank + 1) + 0.3F * static_cast<float>(i % 97);
  };
  on_ranks(GetParam(), [&](Communicator& job) {
    constexpr std::size_t kCount = (std::size_t{1} << 20) + 5;  // more than one message
    std::vector<float> values(kCount);
    for (std::size_t i = 0; i < kCount; ++i) values[i] = value_of(job.rank(), i);
    job.all_reduce_sum(std::span<float>(values));
    std::size_t wrong = 0;
    for (std::size_t i = 0; i < kCount; ++i) {
      float sum = value_of(0, i);
      for (int rank = 1; rank < job.size(); ++rank) sum += value_of(rank, i);
      if (std::memcmp(&sum, &values[i], sizeof sum) != 0) ++wrong;
    }
    EXPECT_EQ(wrong, 0U);
  });
}

TEST_P(TcpRanks, FindTheLargest) {
  on_ranks(GetParam(), [&](Communicator& job) {
    std::vector<double> values = {-static_cast<double>(job.rank()),
                                  static_cast<double>(job.rank())};
    job.all_reduce_max(std::span<double>(values));
    EXPECT_EQ(values, (std::vector<double>{0, job.size() - 1.0}));
  });
}

// Halves, made at the same time by their members alone, again and again.
TEST_P(TcpRanks, GroupsComeAndGoApart) {
  on_ranks(GetParam(), [&](Communicator& job) {
    std::vector<int> members;
    double expected = 0;
    for (int rank = job.rank() % 2; rank < job.size(); rank += 2) {
      members.push_back(rank);
      expected += rank;
    }
    for (int time = 0; time < 5; ++time) {
      const auto half = job.group(members);
      EXPECT_EQ(members[static_cast<std::size_t>(half->rank())], job.rank());
      std::vector<double> sum = {static_cast<double>(job.rank())};
      half->all_reduce_sum(std::span<double>(sum));
      EXPECT_EQ(sum[0], expected);
    }
  });
}

INSTANTIATE_TEST_SUITE_P(At, TcpRanks, testing::Values(1, 2, 4));

using FourTcpRanks = TcpRanks;

// Ranks 1 and 3 of four, then the second of these alone.
TEST_P(FourTcpRanks, GroupsOfGroupsCountFromTheGroup) {
  on_ranks(4, [&](Communicator& job) {
    if (job.rank() % 2 == 0) return;
    const auto odd = job.group(std::array{1, 3});
    const auto turned = odd->group(std::array{1, 0});
    EXPECT_EQ(turned->rank(), job.rank() == 3 ? 0 : 1);
    std::array<std::byte, 1> value = {static_cast<std::byte>(job.rank())};
    turned->broadcast(value, 0);
    EXPECT_EQ(value[0], std::byte{3});
  });
}

INSTANTIATE_TEST_SUITE_P(At, FourTcpRanks, testing::Values(4));

using TcpFailures = TcpRanks;

TEST_P(TcpFailures, ARankThatHasGoneIsNamed) {
  std::string heard;
  {
    const std::jthread other([&] { join(1, 2); });
    const auto job = join(0, 2);
    try {
      job->barrier();
      job->barrier();
    } catch (const WorkError& problem) {
      heard = problem.what();
    }
  }
  EXPECT_THAT(heard, HasSubstr("rank 1 has gone (127.0.0.1)"));
}

TEST_P(TcpFailures, RanksThatNeverComeAreATimeOut) {
  const LaunchedRank first{0, 2, "1-0-0"}, second{1, 2, "2-0-0"};
  EXPECT_THROW(make_tcp_communicator(first, {folder_, "127.0.0.1", 100ms}), WorkError);
  try {
    make_tcp_communicator(second, {folder_, "127.0.0.1", 100ms});
    FAIL();
  } catch (const WorkError& problem) {
    EXPECT_THAT(problem.what(), HasSubstr("meeting-2-0-0 (it did not start"));
  }
}

INSTANTIATE_TEST_SUITE_P(At, TcpFailures, testing::Values(2));

}  // namespace
}  // namespace isoloss
