#include "harness/devices/device_health.h"

#include <gtest/gtest.h>

#include <vector>

#include "tests/model/parallel/thread_ranks.h"

namespace isoloss {
namespace {

TEST(DeviceHealths, TheWorstOfAllRanksHoldsForAll) {
  for (const int ranks : {1, 2, 4})
    for (const DeviceHealth worst :
         {DeviceHealth::Well, DeviceHealth::GroupFailed, DeviceHealth::DeviceLost}) {
      std::vector<DeviceHealth> agreed(static_cast<std::size_t>(ranks), DeviceHealth::Well);
      testing_ranks::on_ranks(ranks, [&](Communicator& block) {
        const bool last = block.rank() == ranks - 1;
        agreed[static_cast<std::size_t>(block.rank())] =
            worst_of(block, last ? worst : DeviceHealth::Well);
      });
      EXPECT_EQ(agreed, std::vector(static_cast<std::size_t>(ranks), worst));
    }
}

}  // namespace
}  // namespace isoloss
