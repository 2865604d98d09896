// Nodes of a made /sys of two sockets with four processors each.
#include "harness/devices/numa_nodes.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <array>
#include <filesystem>
#include <string>

#include "tests/temporary_folder.h"

namespace isoloss {
namespace {

namespace fs = std::filesystem;
using testing::ElementsAre;
using testing::IsEmpty;

class NumaNodes : public testing::Test {
 protected:
  void SetUp() override {
    write("devices/system/node/node0/cpulist", "0-1,4-5\n");
    write("devices/system/node/node1/cpulist", "2-3,6-7\n");
    write("devices/system/node/online", "0-1\n");
    write("bus/pci/devices/0000:1b:00.0/numa_node", "1\n");
    write("bus/pci/devices/0000:1b:00.0/local_cpulist", "2-3,6-7\n");
    write("bus/pci/devices/0000:3a:00.0/numa_node", "-1\n");
  }
  void write(const fs::path& name, const std::string& text) { folder_.write(name, text); }

  const test::TemporaryFolder folder_;
  const fs::path sys_ = folder_.path();
};

TEST_F(NumaNodes, ListsAreReadAsLinuxWritesThem) {
  EXPECT_THAT(numbers_of_list("0-3,8"), ElementsAre(0, 1, 2, 3, 8));
  EXPECT_THAT(numbers_of_list("5"), ElementsAre(5));
  EXPECT_THAT(numbers_of_list(""), IsEmpty());
  EXPECT_THAT(numbers_of_list("0-x"), IsEmpty());
}

TEST_F(NumaNodes, AProcessBoundToASocketHasItsNode) {
  EXPECT_EQ(numa_node_of(std::array{2, 7}, sys_), 1);
  EXPECT_EQ(numa_node_of(std::array{0}, sys_), 0);
}

TEST_F(NumaNodes, AProcessOnBothSocketsHasNone) {
  EXPECT_EQ(numa_node_of(std::array{1, 2}, sys_), -1);
}

// CUDA prints addresses in upper case.
TEST_F(NumaNodes, ADeviceHasTheNodeOfItsSlot) {
  EXPECT_EQ(numa_node_of_pci("0000:1B:00.0", sys_), 1);
  EXPECT_THAT(processors_near_pci("0000:1B:00.0", sys_), ElementsAre(2, 3, 6, 7));
}

TEST_F(NumaNodes, WhatTheSystemDoesNotSayIsNotKnown) {
  EXPECT_EQ(numa_node_of_pci("0000:3A:00.0", sys_), -1);
  EXPECT_EQ(numa_node_of_pci("0000:99:00.0", sys_), -1);
  EXPECT_THAT(processors_near_pci("0000:99:00.0", sys_), IsEmpty());
  EXPECT_EQ(numa_node_of(std::array{0}, sys_ / "nowhere"), -1);
}

TEST_F(NumaNodes, BindingToProcessorsThatAreNotOursChangesNothing) {
  const auto before = own_processors();
  run_near(std::array{1000});
  EXPECT_EQ(own_processors(), before);
}

TEST_F(NumaNodes, BindingKeepsWhatIsNear) {
  const auto before = own_processors();
  run_near(std::array{before.back(), 1000});
  EXPECT_THAT(own_processors(), ElementsAre(before.back()));
  run_near(before);
}

}  // namespace
}  // namespace isoloss
