// Runs on every rank of an MPI job (isoloss_mpi_test): each check holds at any number of ranks.
#include <gtest/gtest.h>
#include <stdlib.h>

#include <array>
#include <chrono>
#include <cmath>
#include <cstdlib>
#include <cstring>
#include <ctime>
#include <filesystem>
#include <fstream>
#include <functional>
#include <memory>
#include <string>
#include <thread>
#include <utility>
#include <vector>

#include "harness/devices/device_links.h"
#include "harness/ranks/mpi_communicator.h"
#include "harness/ranks/self_communicator.h"
#include "tests/harness/mpi_job.h"

namespace isoloss {
namespace {

int ranks_by_environment() {
  const char* size = std::getenv("OMPI_COMM_WORLD_SIZE");
  return size == nullptr ? 1 : std::atoi(size);
}

TEST(MpiCommunicator, KnowsTheJobsSize) {
  EXPECT_EQ(job->size(), ranks_by_environment());
  EXPECT_GE(job->rank(), 0);
  EXPECT_LT(job->rank(), job->size());
}

TEST(MpiCommunicator, AOneRankJobMakesNoMpiCall) {
  EXPECT_EQ(dynamic_cast<SelfCommunicator*>(job) != nullptr, job->size() == 1);
}

TEST(MpiCommunicator, BroadcastCopiesTheRoot) {
  const int root = job->size() - 1;
  std::array<char, 6> text = {"wrong"};
  if (job->rank() == root) std::strcpy(text.data(), "right");
  job->broadcast(std::as_writable_bytes(std::span(text)), root);
  EXPECT_STREQ(text.data(), "right");
}

// 0 + 1 + .. + (n-1) and n: exact in both precisions.
TEST(MpiCommunicator, SumsOverRanks) {
  const int n = job->size();
  std::vector<double> exact = {static_cast<double>(job->rank()), 1.0};
  job->all_reduce_sum(std::span<double>(exact));
  EXPECT_EQ(exact[0], n * (n - 1) / 2.0);
  EXPECT_EQ(exact[1], n);
  std::vector<float> single = {static_cast<float>(job->rank()), 1.0F};
  job->all_reduce_sum(std::span<float>(single));
  EXPECT_EQ(single[0], static_cast<float>(n * (n - 1)) / 2.0F);
}

// 1e8 + 1 rounds to 1e8 in float: only the order of the ranks gives the bits of the loop below.
TEST(MpiCommunicator, SumsInTheOrderOfRanks) {
  const auto value_of = [](int rank, std::size_t i) {
    const auto sign = (rank + static_cast<int>(i)) % 2 == 0 ? 1.0F : -1.0F;
    return sign * 1e8F / static_cast<float>(rank + 1) + 0.3F * static_cast<float>(i % 97);
  };
  constexpr std::size_t kCount = (std::size_t{1} << 20) + 5;  // more than one chunk
  std::vector<float> values(kCount);
  for (std::size_t i = 0; i < kCount; ++i) values[i] = value_of(job->rank(), i);
  job->all_reduce_sum(std::span<float>(values));
  std::size_t wrong = 0;
  for (std::size_t i = 0; i < kCount; ++i) {
    float sum = value_of(0, i);
    for (int rank = 1; rank < job->size(); ++rank) sum += value_of(rank, i);
    if (std::memcmp(&sum, &values[i], sizeof sum) != 0) ++wrong;
  }
  EXPECT_EQ(wrong, 0U);
}

TEST(MpiCommunicator, LargestOverRanks) {
  std::vector<double> values = {-static_cast<double>(job->rank()), -5.0};
  job->all_reduce_max(std::span<double>(values));
  EXPECT_EQ(values[0], 0.0);
  EXPECT_EQ(values[1], -5.0);
  std::vector<float> singles = {static_cast<float>(job->rank())};
  job->all_reduce_max(std::span<float>(singles));
  EXPECT_EQ(singles[0], static_cast<float>(job->size() - 1));
}

TEST(MpiCommunicator, GathersInTheOrderOfRanks) {
  constexpr std::size_t kCount = (std::size_t{1} << 20) + 3;  // more than one chunk
  const std::vector<std::byte> mine(kCount, static_cast<std::byte>(job->rank() + 1));
  std::vector<std::byte> all(kCount * static_cast<std::size_t>(job->size()));
  job->all_gather(mine, all);
  std::size_t wrong = 0;
  for (std::size_t i = 0; i < all.size(); ++i)
    if (all[i] != static_cast<std::byte>(i / kCount + 1)) ++wrong;
  EXPECT_EQ(wrong, 0U);
}

// Those who wait for the last rank take less than half a core: MPI's own waits take one each.
TEST(MpiCommunicator, WaitingLeavesTheCoreToOthers) {
  if (job->size() == 1) GTEST_SKIP() << "one rank waits for nobody";
  std::vector<std::byte> mine(8), all(8 * static_cast<std::size_t>(job->size()));
  std::vector<float> values(8);
  const std::vector<std::pair<const char*, std::function<void()>>> operations = {
      {"barrier", [&] { job->barrier(); }},
      {"broadcast", [&] { job->broadcast(mine, job->size() - 1); }},
      {"all_gather", [&] { job->all_gather(mine, all); }},
      {"all_reduce_sum", [&] { job->all_reduce_sum(std::span<float>(values)); }},
      {"all_reduce_max", [&] { job->all_reduce_max(std::span<float>(values)); }}};
  constexpr std::chrono::milliseconds kLate(200);
  for (const auto& [name, operation] : operations) {
    job->barrier();
    const std::clock_t began = std::clock();  // of this process's work
    if (job->rank() == job->size() - 1) std::this_thread::sleep_for(kLate);
    operation();
    const double worked = static_cast<double>(std::clock() - began) / CLOCKS_PER_SEC;
    EXPECT_LT(worked, std::chrono::duration<double>(kLate).count() / 2) << name;
  }
}

// Even ranks and odd ranks, made at the same time by their members alone.
TEST(MpiCommunicator, GroupsWorkApart) {
  std::vector<int> members;
  for (int rank = job->rank() % 2; rank < job->size(); rank += 2) members.push_back(rank);
  const auto half = job->group(members);
  EXPECT_EQ(half->size(), static_cast<int>(members.size()));
  EXPECT_EQ(members[static_cast<std::size_t>(half->rank())], job->rank());
  double expected = 0;
  for (const int member : members) expected += member;
  std::vector<double> sum = {static_cast<double>(job->rank())};
  half->all_reduce_sum(std::span<double>(sum));
  EXPECT_EQ(sum[0], expected);
}

// Identities of NCCL's size that say which rank made them.
class SignedIdentities final : public DeviceLinks {
 public:
  DeviceGroupId fresh_id() override {
    DeviceGroupId id{};
    for (std::size_t i = 0; i < id.size(); ++i)
      id[i] = static_cast<std::byte>(17 * i + static_cast<std::size_t>(job->rank()));
    return id;
  }
  std::unique_ptr<DeviceCommunicator> join(const DeviceGroupId&, int, int,
                                           const std::string&) override {
    return nullptr;
  }
};

// Even ranks have the identity that rank 0 made, and odd ones rank 1's.
TEST(MpiCommunicator, AGroupOfDevicesHasTheIdentityThatItsFirstRankMade) {
  std::vector<int> members;
  for (int rank = job->rank() % 2; rank < job->size(); rank += 2) members.push_back(rank);
  const auto half = job->group(members);
  SignedIdentities links;
  const DeviceGroupId id = share_fresh_id(*half, links, "data group of a run");
  std::vector<DeviceGroupId> all(static_cast<std::size_t>(job->size()));
  job->all_gather(id, std::as_writable_bytes(std::span(all)));
  for (std::size_t rank = 0; rank < all.size(); ++rank)
    for (std::size_t i = 0; i < id.size(); ++i)
      ASSERT_EQ(all[rank][i], static_cast<std::byte>(17 * i + rank % 2)) << rank << " at " << i;
}

// What overlapping a reduction with the backward pass needs.
TEST(MpiCommunicator, TwoGroupsWorkAtOnceOnTwoThreads) {
  std::vector<int> everybody;
  for (int rank = 0; rank < job->size(); ++rank) everybody.push_back(rank);
  const auto other = job->group(everybody);
  const auto sums = [](Communicator& ranks) {
    double wrong = 0;
    for (int i = 0; i < 200; ++i) {
      std::vector<double> value(100, i);
      ranks.all_reduce_sum(std::span<double>(value));
      wrong += std::abs(value[99] - static_cast<double>(i * ranks.size()));
    }
    return wrong;
  };
  double beside = -1;
  std::thread thread([&] { beside = sums(*other); });
  EXPECT_EQ(sums(*job), 0.0);
  thread.join();
  EXPECT_EQ(beside, 0.0);
}

// What the last rank writes before it comes is there for everybody who leaves.
TEST(MpiCommunicator, NobodyLeavesABarrierBeforeTheLastHasCome) {
  std::array<char, 64> folder = {"/tmp/isoloss-barrier-XXXXXX"};
  if (job->rank() == 0) {
    ASSERT_NE(::mkdtemp(folder.data()), nullptr);
  }
  job->broadcast(std::as_writable_bytes(std::span(folder)), 0);
  const std::filesystem::path written = std::filesystem::path(folder.data()) / "written";
  if (job->rank() == job->size() - 1) {
    std::this_thread::sleep_for(std::chrono::milliseconds(100));
    std::ofstream(written) << "by the last";
  }
  job->barrier();
  EXPECT_TRUE(std::filesystem::exists(written));
  std::vector<std::byte> looked(static_cast<std::size_t>(job->size()));
  job->all_gather(std::vector<std::byte>(1), looked);  // before anybody removes it
  if (job->rank() == 0) std::filesystem::remove_all(folder.data());
}

}  // namespace
}  // namespace isoloss
