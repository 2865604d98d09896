#include "harness/devices/device_sharing.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <array>
#include <cstring>
#include <filesystem>
#include <fstream>
#include <string>

#include "tests/temporary_folder.h"

namespace isoloss {
namespace {

namespace fs = std::filesystem;

TEST(DeviceSharing, MpsServesWhereItsControlPipeIs) {
  const test::TemporaryFolder folder;
  const std::string name = folder.path().string();
  const auto variable = [&](const char* asked) {
    return std::strcmp(asked, "CUDA_MPS_PIPE_DIRECTORY") == 0 ? name.c_str() : nullptr;
  };
  EXPECT_FALSE(mps_serves(variable));
  std::ofstream(folder / "control") << "";
  EXPECT_TRUE(mps_serves(variable));
}

const std::array kTwoOnOne = {RankView{"node1", -1, {{"a"}, {"b"}}},
                              RankView{"node1", -1, {{"b"}, {"a"}}},
                              RankView{"node2", -1, {{"a"}}}};

TEST(DeviceSharing, RanksThatShareWithoutMpsAreWarned) {
  EXPECT_THAT(sharing_problem(kTwoOnOne, std::array{0, 1, 0}, "node1", false).value_or(""),
              testing::StartsWith("2 ranks share a device of node1 (MPS does not run there"));
}

TEST(DeviceSharing, NobodyIsWarnedWhoseDeviceIsItsOwnOrServedByMps) {
  EXPECT_FALSE(sharing_problem(kTwoOnOne, std::array{0, 0, 0}, "node1", false));
  EXPECT_FALSE(sharing_problem(kTwoOnOne, std::array{0, 1, 0}, "node1", true));
  EXPECT_FALSE(sharing_problem(kTwoOnOne, std::array{0, 1, 0}, "node2", false));
}

}  // namespace
}  // namespace isoloss
