// What a starter's variables say of this process, where nothing else joins the ranks: srun sets
// them without any MPI.
#pragma once
#include <functional>
#include <optional>
#include <string>

namespace isoloss {

struct LaunchedRank {
  int rank = 0;
  int size = 1;
  std::string step;  // of the job, as no other job or start has: "1234-0-2" (job, step, restarts)
};

// The value of a variable; null where it is not set.
using Variables = std::function<const char*(const char*)>;

// Absent where srun did not start this process as one of several ranks, or where it was told of an
// MPI (srun --mpi=pmix or pmi2), which then joins them. InputError where the variables contradict
// each other.
std::optional<LaunchedRank> launched_without_mpi(const Variables& variables);

}  // namespace isoloss
