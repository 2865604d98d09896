#include "harness/nccl/visible_devices.h"

#include <gtest/gtest.h>

#include <set>

#include "harness/nccl/nccl_links.h"
#include "harness/ranks/self_communicator.h"
#include "model/spec/error.h"

namespace isoloss {
namespace {

// Where there is no device this is an error of the user's, in words, and not of CUDA's.
TEST(VisibleDevices, ARankWithoutADeviceIsToldSo) {
  if (!visible_devices().empty()) GTEST_SKIP() << "there are CUDA devices";
  SelfCommunicator alone;
  try {
    take_place(alone, "node1", 1);
    FAIL();
  } catch (const InputError& problem) {
    EXPECT_EQ(std::string(problem.what()).find("rank 0 on node1 sees no device"), 0U);
  }
}

TEST(VisibleDevices, EachHasAnIdentityOfItsOwn) {
  const auto devices = visible_devices();
  if (devices.empty()) GTEST_SKIP() << "no CUDA device is visible";
  std::set<std::string> ids;
  for (const VisibleDevice& device : devices) {
    ids.insert(device.seen.id);
    EXPECT_GT(device.bytes, 1e9) << device.name;
  }
  EXPECT_EQ(ids.size(), devices.size());
}

TEST(VisibleDevices, ARankAloneTakesTheFirst) {
  const auto devices = visible_devices();
  if (devices.empty()) GTEST_SKIP() << "no CUDA device is visible";
  SelfCommunicator alone;
  EXPECT_EQ(take_place(alone, "node1", 1).device, 0);
}

}  // namespace
}  // namespace isoloss
