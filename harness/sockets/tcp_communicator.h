// A job's ranks joined by TCP where srun gives no MPI to join them (--mpi=none). A file that all
// ranks see says where the first listens. Messages go through a group's first rank: enough for what
// hosts tell each other between steps on devices, whose sums go another way.
#pragma once
#include <chrono>
#include <filesystem>
#include <memory>
#include <string>

#include "harness/sockets/launched_rank.h"
#include "model/parallel/communicator.h"

namespace isoloss {

struct TcpMeeting {
  std::filesystem::path folder;  // of the meeting file, on a file system that all ranks see
  std::string host;              // this machine's name, as the others reach it
  std::chrono::milliseconds patience = std::chrono::minutes(5);  // for ranks that start late
};

// Collective over the job's ranks; it outlives its groups. WorkError where ranks do not come.
std::unique_ptr<Communicator> make_tcp_communicator(const LaunchedRank& rank,
                                                    const TcpMeeting& meeting);

}  // namespace isoloss
