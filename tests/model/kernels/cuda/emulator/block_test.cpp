// What the emulator refuses to run, as no GPU could.
#include "model/kernels/cuda/emulator/block.h"

#include <gtest/gtest.h>

#include <stdexcept>

#include "model/kernels/cuda/device.h"

namespace isoloss {
namespace {

__global__ void half_a_block() {
  if (threadIdx.x < 32)
    simt::sync_block();
  else if (threadIdx.x == 40)
    simt::sync_warp();
  else
    simt::sync_block();
}
__global__ void alone_in_its_warp() {
  if (threadIdx.x == 3) simt::sync_warp();
}

__global__ void nothing() {}

// CUDA C++ Programming Guide, "Technical Specifications per Compute Capability".
TEST(Emulator, RefusesWhatNoGpuLaunches) {
  Stream stream;
  EXPECT_THROW(launch(stream, {.grid_y = 65536, .threads = 32}, nothing), std::logic_error);
  EXPECT_THROW(launch(stream, {.grid_z = 65536, .threads = 32}, nothing), std::logic_error);
  EXPECT_THROW(launch(stream, {.threads = 1056}, nothing), std::logic_error);
  EXPECT_THROW(launch(stream, {.threads = 32, .shared_bytes = 227 * 1024 + 1}, nothing),
               std::logic_error);
}

TEST(Emulator, RefusesThreadsThatWaitInVain) {
  Stream stream;
  EXPECT_THROW(launch(stream, {.threads = 64}, half_a_block), std::logic_error);
  EXPECT_THROW(launch(stream, {.threads = 32}, alone_in_its_warp), std::logic_error);
}

}  // namespace
}  // namespace isoloss
