#include "sweeps/rank_limit.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <cstdlib>
#include <string>

#include "model/spec/error.h"

namespace isoloss {
namespace {

// 170 MB a process: 1.7 GB hold ten.
TEST(RankLimit, IsWhatMemoryHoldsBeforeAnythingIsTrained) {
  EXPECT_EQ(most_ranks(1.71e9), 10);
  EXPECT_EQ(most_ranks(1e6), 1);
  EXPECT_NO_THROW(check_ranks_fit(10, 1.71e9));
  EXPECT_NO_THROW(check_ranks_fit(1, 1e6));
  try {
    check_ranks_fit(100000, 1.71e9);
    FAIL() << "not refused";
  } catch (const InputError& error) {
    EXPECT_EQ(std::string(error.what()),
              "--ranks is 100000 (a rank's process takes 170.0 MB before it trains, and this "
              "machine has 1.71 GB of memory); give 10 or fewer");
  }
}

TEST(RankLimit, AllocationsOfSeveralMachinesAreSchedulers) {
  for (const char* name :
       {"SLURM_JOB_NUM_NODES", "SLURM_NNODES", "PBS_NODEFILE", "LSB_HOSTS", "LSB_DJOB_HOSTFILE",
        "PE_HOSTFILE", "OMPI_MCA_orte_default_hostfile", "OMPI_MCA_orte_hostfile"})
    ::unsetenv(name);
  EXPECT_FALSE(ranks_may_go_elsewhere());
  ::setenv("SLURM_JOB_NUM_NODES", "1", 1);
  EXPECT_FALSE(ranks_may_go_elsewhere());
  ::setenv("SLURM_JOB_NUM_NODES", "2", 1);
  EXPECT_TRUE(ranks_may_go_elsewhere());
  ::unsetenv("SLURM_JOB_NUM_NODES");
}

}  // namespace
}  // namespace isoloss
