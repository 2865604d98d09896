// Memory that a device does not have.
#include <gtest/gtest.h>

#include <cstddef>
#include <vector>

#include "model/kernels/cuda/device.h"

namespace isoloss {
namespace {

TEST(DeviceMemory, MoreThanThereIsIsRefusedAndTheDeviceGoesOn) {
  constexpr std::size_t kTooMuch = std::size_t{1} << 50;
  EXPECT_THROW(DeviceMemory{kTooMuch}, DeviceMemoryFull);
  EXPECT_THROW(PinnedMemory{kTooMuch}, DeviceMemoryFull);
  const std::vector<float> values = {1, 2, 3};
  EXPECT_EQ(to_host(to_device(std::span(values))), values);
}

}  // namespace
}  // namespace isoloss
