// All ranks of a job train a study: as blocks of neighbours that split where narrower work waits,
// each led by its first rank (sweeps/rank_blocks.h).
#pragma once
#include <optional>

#include "harness/study/block_leader.h"
#include "model/parallel/communicator.h"

namespace isoloss {

// This rank's part; collective over the job, of a multiple of work.ranks.unit ranks. Returns how
// the study stands where this rank led a block when nothing was left to train or a stop was asked
// for. Throws what a leader meets that concerns more than one run: the job must end then.
std::optional<StudyOutcome> train_with_job(const StudyWork& work, Communicator& job);

}  // namespace isoloss
