// The cores that a thread may run on, against what it was told.
#include "model/spec/own_cores.h"

#include <gtest/gtest.h>
#include <sched.h>

#include <cstddef>
#include <thread>

namespace isoloss {
namespace {

TEST(OwnCores, AreThoseThatTheThreadWasLeft) {
  std::size_t cores = 0;
  bool bound = false;
  std::jthread([&] {
    cpu_set_t one;
    CPU_ZERO(&one);
    CPU_SET(sched_getcpu(), &one);
    bound = sched_setaffinity(0, sizeof one, &one) == 0;
    cores = own_cores();
  }).join();
  ASSERT_TRUE(bound);
  EXPECT_EQ(cores, 1U);
}

}  // namespace
}  // namespace isoloss
