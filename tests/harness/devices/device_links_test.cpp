// Groups of devices are made by their members' hosts alone, by an identity of their own.
#include "harness/devices/device_links.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <array>
#include <atomic>
#include <memory>
#include <numeric>
#include <string>
#include <vector>

#include "harness/devices/self_device_communicator.h"
#include "harness/ranks/self_communicator.h"
#include "tests/harness/devices/host_device.h"

namespace isoloss {
namespace {

using testing::HasSubstr;
using testing::UnorderedElementsAre;
using testing_devices::HostDevice;
using testing_devices::HostLinks;
using testing_devices::HostNetwork;
using testing_ranks::on_ranks;

std::unique_ptr<Communicator> group_of(Communicator& ranks, const std::vector<int>& members) {
  return ranks.group(members);
}

// The sum over the group of a value of this rank's, by its devices.
float sum_over(DeviceCommunicator& group, HostDevice& device, DeviceStream on, float mine) {
  float value = mine;
  group.all_reduce_sum({&value, 1}, on);
  device.run(on);
  return value;
}

// Two by two of four ranks, tensor neighbours {0,1} {2,3}, data {0,2} {1,3}: with 1, 2, 4, 8 for
// the ranks the sums say who was there. Five identities: two groups of each kind and all.
TEST(DeviceLinks, ARunHasTheGroupsOfItsLayout) {
  HostNetwork network;
  std::array<std::array<float, 3>, 4> sums{};
  std::array<std::string, 4> marks;
  on_ranks(4, [&](Communicator& all) {
    HostDevice device;
    HostLinks links(network, device);
    const int rank = all.rank(), row = rank / 2 * 2, column = rank % 2;
    const auto tensor = group_of(all, {row, row + 1});
    const auto data = group_of(all, {column, column + 2});
    const DeviceGroups groups(all, *tensor, *data, links, "0123");
    const auto r = static_cast<std::size_t>(rank);
    const auto mine = static_cast<float>(1 << rank);
    const DeviceStream on = device.stream();
    sums[r] = {sum_over(*groups.all(), device, on, mine),
               sum_over(*groups.tensor(), device, on, mine),
               sum_over(*groups.data(), device, on, mine)};
    marks[r] = groups.mark();
  });
  const std::array<std::array<float, 3>, 4> expected = {
      {{15, 3, 5}, {15, 3, 10}, {15, 12, 5}, {15, 12, 10}}};
  EXPECT_EQ(sums, expected);
  EXPECT_EQ(network.groups.size(), 5U);
  EXPECT_THAT(network.names, testing::Contains("data group of run 0123"));
  EXPECT_THAT(marks, testing::Each(marks[0]));
}

// Where all ranks share the batch alone, one communicator serves as both.
TEST(DeviceLinks, GroupsOfEqualRanksAreOne) {
  for (const int ranks : {2, 4}) {
    HostNetwork network;
    std::atomic<int> wrong = 0;
    on_ranks(ranks, [&](Communicator& all) {
      HostDevice device;
      HostLinks links(network, device);
      SelfCommunicator alone;
      const DeviceGroups groups(all, alone, all, links, "r");
      if (groups.all() != groups.data() || groups.tensor()->size() != 1) ++wrong;
    });
    EXPECT_EQ(wrong, 0);
    EXPECT_EQ(network.groups.size(), 1U);
  }
}

TEST(DeviceLinks, ARankAloneNeedsNoLinks) {
  HostNetwork network;
  HostDevice device;
  HostLinks links(network, device);
  links.fails = true;
  SelfCommunicator alone;
  const DeviceGroups groups(alone, alone, alone, links, "r");
  EXPECT_EQ(groups.all()->size(), 1);
  EXPECT_NE(dynamic_cast<SelfDeviceCommunicator*>(groups.data().get()), nullptr);
}

// Ranks 0 and 1 train one long run while 2 trains short ones alone and then 2 and 3 others
// together: each run has groups of its own, of identities that never come again.
TEST(DeviceLinks, UnequalGroupsComeAndGoWhileOthersTrain) {
  HostNetwork network;
  std::array<std::vector<float>, 4> sums;
  std::vector<std::string> marks;
  std::mutex marks_lock;
  on_ranks(4, [&](Communicator& job) {
    HostDevice device;
    HostLinks links(network, device);
    const DeviceStream on = device.stream();
    SelfCommunicator alone;
    const auto mine = static_cast<float>(1 << job.rank());
    const auto r = static_cast<std::size_t>(job.rank());
    const auto train = [&](Communicator& block, const std::string& run, int steps) {
      const DeviceGroups groups(block, alone, block, links, run);
      for (int step = 0; step < steps; ++step)
        sums[r].push_back(sum_over(*groups.data(), device, on, mine));
      const std::lock_guard guard(marks_lock);
      if (block.rank() == 0 && block.size() > 1) marks.push_back(groups.mark());
    };
    if (job.rank() < 2) {
      train(*group_of(job, {0, 1}), "long", 100);
      return;
    }
    for (int run = 0; run < 3; ++run) train(alone, "short", 1);
    const auto block = group_of(job, {2, 3});
    for (int run = 0; run < 3; ++run) train(*block, "shared", 1);
  });
  EXPECT_EQ(sums[0], std::vector<float>(100, 3));
  EXPECT_EQ(sums[2], (std::vector<float>{4, 4, 4, 12, 12, 12}));
  EXPECT_EQ(sums[3], (std::vector<float>{8, 8, 8, 12, 12, 12}));
  std::ranges::sort(marks);
  EXPECT_EQ(std::ranges::unique(marks).size(), 0U);
  EXPECT_EQ(marks.size(), 4U);
}

// The others do not wait for an identity that never comes.
TEST(DeviceLinks, AFirstRankWithoutIdentityFailsItsGroupAlone) {
  HostNetwork network;
  std::array<std::string, 4> errors;
  on_ranks(4, [&](Communicator& job) {
    HostDevice device;
    HostLinks links(network, device);
    links.fails = job.rank() == 0;
    const int first = job.rank() / 2 * 2;
    const auto block = group_of(job, {first, first + 1});
    SelfCommunicator alone;
    try {
      const DeviceGroups groups(*block, alone, *block, links, "r");
    } catch (const std::exception& error) {
      errors[static_cast<std::size_t>(job.rank())] = error.what();
    }
  });
  EXPECT_EQ(errors[0], "no network");
  EXPECT_THAT(errors[1],
              HasSubstr("the data group of run r cannot be made (its first rank failed)"));
  EXPECT_EQ(errors[2], "");
  EXPECT_EQ(errors[3], "");
}

}  // namespace
}  // namespace isoloss
