#include "harness/ranks/job_communicator.h"

#include <cstdlib>

#include "harness/ranks/mpi_communicator.h"
#include "harness/ranks/rank_groups.h"
#include "harness/sockets/launched_rank.h"
#include "harness/sockets/tcp_communicator.h"

namespace isoloss {

std::unique_ptr<Communicator> join_job(const StudyFolder& folder) {
  const auto rank = launched_without_mpi([](const char* name) { return std::getenv(name); });
  if (!rank) return make_communicator();
  return make_tcp_communicator(*rank, {folder.ranks(), host_name()});
}

}  // namespace isoloss
