#include "harness/study/job_rounds.h"

#include <array>
#include <variant>

#include "harness/ranks/block_exchange.h"
#include "harness/ranks/rank_groups.h"
#include "harness/training/training_order.h"

namespace isoloss {
namespace {

// How a rank came out of a round.
struct RoundEnd {
  std::optional<StudyOutcome> outcome;  // of a leader
  bool stopped = false;
};

void follow(const StudyWork& work, Communicator& block, const TrainingOrder& order) {
  try {
    work.executor.follow(block, work.plan, order);
  } catch (const SharedFailure&) {
    // The leader, which knows too, tells of it.
  }
}

// This rank's part until its block has nothing left to train: the block trains and splits, and
// whoever is first in a half leads it.
RoundEnd train_round(const StudyWork& work, Communicator& job) {
  std::optional<BlockLeader> leader;
  auto block = whole_block_of(job, work.ranks.unit);
  while (true) {
    bool split = false;
    if (block->rank() == 0) {
      if (!leader) leader.emplace(work);
      const BlockLeader::End end = leader->lead(*block);
      split = end == BlockLeader::End::Split;
      give_order(split ? BlockOrder(SplitOrder{}) : LeaveOrder{}, *block);
      if (!split) return {leader->outcome(), end == BlockLeader::End::Stop};
    } else {
      BlockOrder order = take_order(*block);
      for (; std::holds_alternative<TrainingOrder>(order); order = take_order(*block))
        follow(work, *block, std::get<TrainingOrder>(order));
      split = std::holds_alternative<SplitOrder>(order);
      if (!split) return {};
    }
    block = half_of(*block);
  }
}

// Whether the ranks begin anew in whole blocks: runs that need more memory than the blocks that
// were left had may have become ready when those had split. Every rank has come to its end here and
// could do nothing but wait for the others to end the job; collective.
bool another_round(const RoundEnd& end, Communicator& job) {
  std::array<double, 2> any = {end.stopped ? 1.0 : 0.0,
                               end.outcome && end.outcome->status == kExitStopped ? 1.0 : 0.0};
  job.all_reduce_max(any);
  return any[0] == 0 && any[1] != 0;
}

}  // namespace

std::optional<StudyOutcome> train_with_job(const StudyWork& work, Communicator& job) {
  RoundEnd end = train_round(work, job);
  while (another_round(end, job)) end = train_round(work, job);
  return end.outcome;
}

}  // namespace isoloss
