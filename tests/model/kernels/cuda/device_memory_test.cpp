// Memory that a device does not have, and what is taken of it.
#include <gtest/gtest.h>

#include <cstddef>
#include <vector>

#include "model/kernels/cuda/device.h"
#include "model/kernels/cuda/memory_ledger.h"
#include "model/kernels/cuda/product.h"

namespace isoloss {
namespace {

TEST(DeviceMemory, MoreThanThereIsIsRefusedAndTheDeviceGoesOn) {
  constexpr std::size_t kTooMuch = std::size_t{1} << 50;
  EXPECT_THROW(DeviceMemory{kTooMuch}, DeviceMemoryFull);
  EXPECT_THROW(PinnedMemory{kTooMuch}, DeviceMemoryFull);
  const std::vector<float> values = {1, 2, 3};
  EXPECT_EQ(to_host(to_device(std::span(values))), values);
}

TEST(DeviceMemory, TheLedgerHasWhatIsTakenNowAndTheMostThatWas) {
  const auto ledger = device_ledger();
  const std::size_t before = ledger->held();
  ledger->forget_most();
  const auto since = [&](std::size_t bytes) { return bytes - before; };
  {
    const DeviceArray<float> array(100);
    const DeviceArray<float> shared = array;
    EXPECT_EQ(since(ledger->held()), 400U);
    const Products products(1000);
    EXPECT_EQ(since(ledger->held()), 1400U);
  }
  EXPECT_EQ(since(ledger->held()), 0U);
  EXPECT_EQ(since(ledger->most()), 1400U);
  ledger->forget_most();
  EXPECT_EQ(since(ledger->most()), 0U);
  EXPECT_THROW(DeviceMemory{std::size_t{1} << 50}, DeviceMemoryFull);
  EXPECT_EQ(since(ledger->most()), 0U) << "what was refused was not taken";
}

// An array of nothing need not have memory, which CUDA asks for even where it copies no bytes.
TEST(DeviceMemory, NothingIsCopiedFromNowhere) {
  Stream stream;
  stream.zero(nullptr, 0);
  stream.copy(nullptr, nullptr, 0);
  stream.copy_to_device(nullptr, nullptr, 0);
  stream.copy_to_host(nullptr, nullptr, 0);
  stream.synchronize();
}

}  // namespace
}  // namespace isoloss
