// What every rank of a job sees of its machine, told to all: place_ranks() needs all views.
#pragma once
#include <vector>

#include "harness/devices/placement.h"
#include "model/parallel/communicator.h"

namespace isoloss {

// By rank; collective over the job.
std::vector<RankView> gather_views(Communicator& job, const RankView& mine);

}  // namespace isoloss
