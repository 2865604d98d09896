// Waits for MPI operations and leaves the core to whoever has work. MPI's own waits never end in
// sleep: where ranks outnumber the cores that are free for them, by other programs or by their own
// number, a step takes several times what its work does (docs/performance.md).
#pragma once
#include <mpi.h>

#include <span>

namespace isoloss {

// Throws PeerLost, naming `operation`, where one fails.
void check_mpi(int code, const char* operation);

// Returns when all are done. For a millisecond it yields, so that ranks which come at one time lose
// none; then it naps, the longer the longer it waits.
void wait_for(std::span<MPI_Request> requests, const char* operation);

}  // namespace isoloss
