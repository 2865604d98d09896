#include "tests/harness/mpi_job.h"

#include <gtest/gtest.h>

#include "harness/ranks/mpi_communicator.h"
#include "model/layers/language_model.h"

namespace isoloss {

Communicator* job = nullptr;

}  // namespace isoloss

// Every rank reports its own checks; one rank that fails makes mpirun fail.
int main(int count, char** arguments) {
  testing::InitGoogleTest(&count, arguments);
  const auto communicator = isoloss::make_communicator();
  isoloss::job = communicator.get();
  isoloss::set_intra_op_threads(1);
  return RUN_ALL_TESTS();
}
