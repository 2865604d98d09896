#include <gtest/gtest.h>

#include <array>

#include "harness/ranks/mpi_communicator.h"
#include "harness/ranks/self_communicator.h"

namespace isoloss {
namespace {

TEST(SelfCommunicator, LeavesSumsAsTheyAre) {
  SelfCommunicator alone;
  std::array<double, 2> values = {1.5, -2.0};
  alone.all_reduce_sum(std::span<double>(values));
  EXPECT_EQ(values[0], 1.5);
  EXPECT_EQ(alone.rank(), 0);
  EXPECT_EQ(alone.size(), 1);
}

TEST(SelfCommunicator, IsWhatAProcessOutsideOfAJobGets) {
  if (started_by_mpi()) GTEST_SKIP() << "the tests themselves run under mpirun";
  EXPECT_NE(dynamic_cast<SelfCommunicator*>(make_communicator().get()), nullptr);
}

}  // namespace
}  // namespace isoloss
