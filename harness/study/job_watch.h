// Notices a rank that is there no more though nobody heard it die: it is suspended, or its machine
// or file system hangs. The others would wait for it, in a step or when they meet or end, until the
// job's time is up. Each rank of a job keeps a claim, whatever it does (results/rank_claims.h), and
// looks after each beat of its own whether the next one's has beaten: whichever ranks are silent,
// one that is not stands before one of them. Silence is counted in own beats, so that a rank that
// was suspended itself, with or without the others, or whose own disk hangs, accuses nobody; and
// threads of their own beat, so that no step, evaluation or checkpoint is silence.
#pragma once
#include <chrono>
#include <filesystem>
#include <memory>
#include <string>

#include "harness/study/claim.h"
#include "harness/study/rank_log.h"
#include "model/parallel/communicator.h"
#include "results/study_folder.h"

namespace isoloss {

// Longer than a run's own watch waits at least (stall_watch.h), which knows of which run a rank of
// a block hangs.
inline constexpr std::chrono::minutes kRankSilence{10};

class JobWatch {
 public:
  // Collective over the job; a rank alone is not watched. Where the next rank is silent for
  // `silence`, that is said on standard error and in `log`, and this process ends with status 1,
  // which ends the job: as one that was told to go, so that nothing counts against a run. WorkError
  // where the folder cannot be written.
  JobWatch(const StudyFolder& folder, Communicator& job, RankLog log,
           std::chrono::milliseconds silence);

 private:
  void look();
  [[noreturn]] void leave(const ClaimContent& silent) const;

  RankLog log_;
  std::chrono::milliseconds beat_every_;
  std::filesystem::path next_;  // claim of the rank after this one
  std::string heard_;           // what it said last
  int unheard_ = 0;             // own beats since then
  std::unique_ptr<Claim> claim_;
};

}  // namespace isoloss
