// The ranks of the job in which this process was started, by whatever joins them there: MPI, or TCP
// where srun started them and no MPI was to join them.
#pragma once
#include <memory>

#include "model/parallel/communicator.h"
#include "results/study_folder.h"

namespace isoloss {

// Collective over the job's ranks; the ranks of a TCP job meet in the study's folder. One at a
// time; it outlives its groups.
std::unique_ptr<Communicator> join_job(const StudyFolder& folder);

}  // namespace isoloss
