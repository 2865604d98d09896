// How many ranks one machine can start at all.
#pragma once

namespace isoloss {

// Processes of `isoloss run` that so many bytes of memory hold before any has a tensor
// (model/cost/memory.h); at least one.
int most_ranks(double memory_bytes);

// InputError, naming that number, where one machine with so much memory is to start more.
void check_ranks_fit(int ranks, double memory_bytes);

// Whether this process's environment names more machines for mpirun to start ranks on: a Slurm
// allocation of several nodes, another scheduler's, or a host file of Open MPI's.
bool ranks_may_go_elsewhere();

}  // namespace isoloss
