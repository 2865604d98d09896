// The main of tests that need a GPU: without one they count as skipped, in the way ctest knows;
// with one whose driver does not serve this program they fail.
#include <gtest/gtest.h>

#include <cstdio>
#include <exception>

#include "model/kernels/cuda/device.h"

int main(int argc, char** argv) {
  constexpr int kSkipped = 77;
  testing::InitGoogleTest(&argc, argv);
  try {
    if (!GTEST_FLAG_GET(list_tests) && isoloss::device_count() == 0) {
      std::puts("Skipped: no GPU (the driver is missing or reports no device)");
      return kSkipped;
    }
  } catch (const std::exception& problem) {
    std::puts(problem.what());
    return 1;
  }
  return RUN_ALL_TESTS();
}
