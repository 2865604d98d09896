// The rank of a block that speaks for it: reads how far the study is, takes decisions that are due,
// claims what the block trains next, and says when the block has to split (sweeps/rank_blocks.h).
#pragma once
#include <cstdint>
#include <filesystem>
#include <functional>
#include <memory>
#include <set>
#include <string>
#include <vector>

#include "harness/files/run_storage.h"
#include "harness/study/claim.h"
#include "harness/study/job_ranks.h"
#include "harness/study/rank_reporter.h"
#include "harness/study/run_executor.h"
#include "harness/study/study_outcome.h"
#include "results/claim_observer.h"
#include "results/study_folder.h"
#include "sweeps/plan.h"
#include "sweeps/schedule.h"

namespace isoloss {

// What every rank of a job trains, and with what.
struct StudyWork {
  StudyFolder folder;
  const StudyPlan& plan;
  bool whole;  // the plan is the whole study's, so that what it needs no more nobody needs
  const JobRanks& ranks;
  std::int64_t rank;  // this one's
  RunExecutor& executor;
  std::function<bool()> stop;
};

// Ends this process, and with it a job whose other ranks cannot be told.
[[noreturn]] void leave_job(const std::string& message, int status);

class BlockLeader {
 public:
  explicit BlockLeader(const StudyWork& work);

  // Trains with the ranks of `block`, of which this is the first, until they have to split, or
  // have nothing left that they can train, or a stop is asked for.
  enum class End { Split, Leave, Stop };
  End lead(Communicator& block);

  // How the study stood when lead() returned, and whether something is left to train.
  const StudyOutcome& outcome() const { return outcome_; }

 private:
  // What the files say at one moment.
  struct StudyState {
    std::vector<RunProgress> progress;
    std::vector<SearchDecision> decisions;
  };

  StudyState read_and_decide();
  void release_checkpoints(const StudyState& state) const;
  BlockStep take_step(Communicator& block, const StudyState& state);
  bool take_and_train(Communicator& block, const std::string& id);
  std::unique_ptr<Claim> take(const std::string& id);
  ClaimObserver::State look(const std::string& id);
  void train(Communicator& block, const std::string& id, Claim& claim);

  StudyWork work_;
  StudyReader reader_;
  ClaimObserver observer_;
  RankReporter reporter_;
  StudyOutcome outcome_;
  std::set<std::filesystem::path> unread_;  // claims of which it was said
  bool may_split_ = true;                   // at once: it has not trained since it began
};

}  // namespace isoloss
