// Whether this build notes what kernels read and write (cmake/DeviceCode.cmake).
#pragma once
#include <gtest/gtest.h>

namespace isoloss {

// A test of what needs it, which is skipped where it does not.
class NotedAccesses : public ::testing::Test {
 protected:
  void SetUp() override {
#ifndef __SANITIZE_THREAD__
    GTEST_SKIP()
        << "accesses of kernels are not noted in this build (another compiler or sanitizer)";
#endif
  }
};

}  // namespace isoloss
