// The ranks of the MPI job that this process was started in, and groups of them. MPI is initialised
// by the job's communicator and ended with it; a process alone never makes one and never calls MPI.
#pragma once
#include <memory>

#include "model/parallel/communicator.h"

namespace isoloss {

// Whether the environment says that mpirun or srun started this process as one of several ranks.
bool started_by_mpi();

// The job's communicator where there is one, else the group of one. One at a time; it outlives its
// groups.
std::unique_ptr<Communicator> make_communicator();

}  // namespace isoloss
