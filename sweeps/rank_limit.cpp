#include "sweeps/rank_limit.h"

#include <fmt/format.h>

#include <algorithm>
#include <cstdlib>
#include <string>

#include "model/cost/memory.h"
#include "model/spec/error.h"
#include "model/spec/number_text.h"
#include "sweeps/quantity_text.h"

namespace isoloss {

int most_ranks(double memory_bytes) {
  return std::max(1, static_cast<int>(std::min(memory_bytes / kProcessBytes, 1e9)));
}

void check_ranks_fit(int ranks, double memory_bytes) {
  if (ranks <= most_ranks(memory_bytes)) return;
  throw InputError(fmt::format(
      "--ranks is {} (a rank's process takes {} before it trains, and this machine has {} of "
      "memory); give {} or fewer",
      ranks, bytes_text(kProcessBytes), bytes_text(memory_bytes), most_ranks(memory_bytes)));
}

bool ranks_may_go_elsewhere() {
  for (const char* nodes : {"SLURM_JOB_NUM_NODES", "SLURM_NNODES"})
    if (const char* text = std::getenv(nodes); text != nullptr && parse_whole(text).value_or(1) > 1)
      return true;
  for (const char* hosts : {"PBS_NODEFILE", "LSB_HOSTS", "LSB_DJOB_HOSTFILE", "PE_HOSTFILE",
                            "OMPI_MCA_orte_default_hostfile", "OMPI_MCA_orte_hostfile"})
    if (std::getenv(hosts) != nullptr) return true;
  return false;
}

}  // namespace isoloss
