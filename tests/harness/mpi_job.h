// What the tests that run on every rank of an MPI job share: its ranks, and main (mpi_job.cpp).
#pragma once
#include "model/parallel/communicator.h"

namespace isoloss {

extern Communicator* job;  // all ranks; there from main on

}  // namespace isoloss
