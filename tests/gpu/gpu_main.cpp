// The main of tests that need a GPU: without one they count as skipped, in the way ctest knows.
#include <gtest/gtest.h>

#include <cstdio>

#include "model/kernels/cuda/device.h"

int main(int argc, char** argv) {
  constexpr int kSkipped = 77;
  testing::InitGoogleTest(&argc, argv);
  if (!GTEST_FLAG_GET(list_tests) && isoloss::device_count() == 0) {
    std::puts("Skipped: no GPU (the driver is missing or reports no device)");
    return kSkipped;
  }
  return RUN_ALL_TESTS();
}
