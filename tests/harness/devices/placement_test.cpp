// Devices of ranks by table: what each sees, and what it must get.
#include "harness/devices/placement.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <array>
#include <string>
#include <vector>

#include "model/spec/error.h"

namespace isoloss {
namespace {

using testing::ElementsAre;
using testing::HasSubstr;

std::vector<SeenDevice> devices(const std::vector<std::string>& ids) {
  std::vector<SeenDevice> seen;
  for (const std::string& id : ids) seen.push_back({id});
  return seen;
}

std::vector<RankView> ranks_that_see(const std::vector<std::vector<std::string>>& ids) {
  std::vector<RankView> views;
  for (const auto& of_rank : ids) views.push_back({"node1", -1, devices(of_rank)});
  return views;
}

template <typename Call>
std::string error_of(Call call) {
  try {
    call();
  } catch (const InputError& error) {
    return error.what();
  }
  return "no error";
}

// srun --gpus-per-task=1: each rank sees one device, and calls it 0.
TEST(Placement, OneDeviceVisiblePerTask) {
  EXPECT_THAT(place_ranks(ranks_that_see({{"a"}, {"b"}, {"c"}, {"d"}})), ElementsAre(0, 0, 0, 0));
}

TEST(Placement, AllDevicesVisibleGoInOrder) {
  const std::vector<std::string> all = {"a", "b", "c", "d"};
  EXPECT_THAT(place_ranks(ranks_that_see({all, all, all, all})), ElementsAre(0, 1, 2, 3));
}

// CUDA_VISIBLE_DEVICES=3,1 for all ranks: the order is the user's.
TEST(Placement, SomeDevicesVisibleGoInTheUsersOrder) {
  EXPECT_THAT(place_ranks(ranks_that_see({{"d", "b"}, {"d", "b"}})), ElementsAre(0, 1));
}

// Each rank sees all devices in an order of its own, its own first.
TEST(Placement, OneDeviceIsNeverTakenTwiceUnderTwoNumbers) {
  const auto views = ranks_that_see({{"a", "b", "c"}, {"b", "c", "a"}, {"c", "a", "b"}});
  EXPECT_THAT(place_ranks(views), ElementsAre(0, 0, 0));
}

// Rank 0 could have either, rank 1 only a.
TEST(Placement, WhoCanChooseLeavesTheOnlyDeviceToTheOther) {
  EXPECT_THAT(place_ranks(ranks_that_see({{"a", "b"}, {"a"}})), ElementsAre(1, 0));
}

TEST(Placement, MachinesArePlacedApart) {
  const auto seen = devices({"a", "b"});
  const std::array views = {RankView{"node1", -1, seen}, RankView{"node2", -1, seen},
                            RankView{"node1", -1, seen}, RankView{"node2", -1, seen}};
  EXPECT_THAT(place_ranks(views), ElementsAre(0, 0, 1, 1));
}

// Ranks bound to the second socket first.
TEST(Placement, RanksAreNearTheirDevices) {
  const std::vector<SeenDevice> seen = {{"a", 0}, {"b", 0}, {"c", 1}, {"d", 1}};
  const std::array views = {RankView{"n", 1, seen}, RankView{"n", 0, seen}, RankView{"n", 1, seen},
                            RankView{"n", 0, seen}};
  EXPECT_THAT(place_ranks(views), ElementsAre(2, 0, 3, 1));
}

// Three ranks on a socket with two devices: one of them is far, and nobody goes without.
TEST(Placement, NearnessGivesWayWhereASocketHasTooFew) {
  const std::vector<SeenDevice> seen = {{"a", 0}, {"b", 0}, {"c", 1}, {"d", 1}};
  const std::array views = {RankView{"n", 0, seen}, RankView{"n", 0, seen}, RankView{"n", 0, seen}};
  EXPECT_THAT(place_ranks(views), ElementsAre(0, 1, 2));
}

// Two ranks a device: neighbours have different ones, so that blocks of two can be joined.
TEST(Placement, PackedRanksGoRoundByRound) {
  const std::vector<std::string> all = {"a", "b"};
  const auto views = ranks_that_see({all, all, all, all});
  const std::vector<int> places = place_ranks(views, 2);
  EXPECT_THAT(places, ElementsAre(0, 1, 0, 1));
  EXPECT_EQ(placed_devices(views, places).apart, 2);
}

// Packed ranks fill no device while another is empty.
TEST(Placement, PackedRanksAreSpreadEvenly) {
  const std::vector<std::string> all = {"a", "b", "c"};
  EXPECT_THAT(place_ranks(ranks_that_see({all, all, all, all}), 4), ElementsAre(0, 1, 2, 0));
}

TEST(Placement, MoreRanksThanDevicesSaysWhatToDo) {
  const std::vector<std::string> all = {"a", "b"};
  EXPECT_EQ(error_of([&] {
              place_ranks(ranks_that_see({all, all, all}));
            }),
            "node1 has 3 ranks and 2 visible devices (one rank a device at most); start 2 ranks on "
            "it, or ask for more devices");
  EXPECT_THAT(error_of([&] {
                place_ranks(ranks_that_see({{"a"}, {"a"}, {"a"}}), 2);
              }),
              HasSubstr("3 ranks and 1 visible device (2 ranks a device at most); start 2 ranks"));
}

// Enough devices, but two ranks see the same one only.
TEST(Placement, RanksThatSeeOneDeviceAreNamed) {
  EXPECT_THAT(error_of([] {
                place_ranks(ranks_that_see({{"a"}, {"a"}, {"b", "c"}}));
              }),
              testing::AllOf(HasSubstr("no device is left for rank"),
                             HasSubstr("on node1 (other ranks have those that it sees: a)")));
}

TEST(Placement, ARankWithoutDevicesIsNamed) {
  EXPECT_THAT(error_of([] {
                place_ranks(ranks_that_see({{"a"}, {}}));
              }),
              HasSubstr("rank 1 on node1 sees no device"));
}

// Two machines, of two devices and of one, with three ranks and one.
TEST(Placement, WhatAJobHasOfDevicesIsCounted) {
  const std::vector<RankView> ranks = {{"a", -1, devices({"0", "1"})},
                                       {"a", -1, devices({"0", "1"})},
                                       {"a", -1, devices({"0", "1"})},
                                       {"b", -1, devices({"0"})}};
  const PlacedDevices placed = placed_devices(ranks, place_ranks(ranks, 2));
  EXPECT_EQ(placed.devices, 3);
  EXPECT_EQ(placed.apart, 2);
  EXPECT_EQ(placed.ranks_per_device, 2);
}

TEST(Placement, RanksOfDevicesThatNobodySharesAreAllApart) {
  const auto seen = devices({"a", "b"});
  const std::array views = {RankView{"node1", -1, seen}, RankView{"node2", -1, seen},
                            RankView{"node1", -1, seen}};
  EXPECT_EQ(placed_devices(views, place_ranks(views)).apart, 3);
}

// A starter that binds two neighbours to each device: they can train no run together.
TEST(Placement, NeighboursThatSeeOneDeviceOnlyAreNotApart) {
  const auto views = ranks_that_see({{"a"}, {"a"}, {"b"}, {"b"}});
  EXPECT_EQ(placed_devices(views, place_ranks(views, 2)).apart, 1);
}

// Ranks of two machines take turns in the job: neighbours are those of a machine.
TEST(Placement, NeighboursAreThoseOfAMachine) {
  const auto seen = devices({"a", "b"});
  std::vector<RankView> views;
  for (int i = 0; i < 8; ++i) views.push_back({i % 2 == 0 ? "node1" : "node2", -1, seen});
  const std::vector<int> places = place_ranks(views, 2);
  EXPECT_THAT(places, ElementsAre(0, 0, 1, 1, 0, 0, 1, 1));
  EXPECT_EQ(placed_devices(views, places).apart, 2);
}

// Two sockets with a device each, two ranks bound to each, neighbours together: near their devices,
// ranks 0 and 1, who may train a run together, would both have a.
TEST(Placement, RanksThatShareDevicesAreApartThoughTheirNodesAreFar) {
  const std::vector<SeenDevice> both = {{"a", 0}, {"b", 1}};
  const std::vector<RankView> views = {
      {"node1", 0, both}, {"node1", 0, both}, {"node1", 1, both}, {"node1", 1, both}};
  EXPECT_THAT(place_ranks(views, 2), ElementsAre(0, 1, 0, 1));
}

}  // namespace
}  // namespace isoloss
