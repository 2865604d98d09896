#include "harness/study/job_watch.h"

#include <fmt/format.h>
#include <unistd.h>

#include <cstdio>
#include <string>
#include <thread>
#include <utility>
#include <vector>

#include "harness/ranks/gather_bytes.h"
#include "harness/ranks/stop_signal.h"
#include "harness/study/study_outcome.h"
#include "model/spec/tell.h"
#include "results/rank_claims.h"
#include "results/unread_error.h"

namespace isoloss {
namespace {

constexpr int kBeatsOfSilence = 60;
// As long as launchers give ranks: the claim on a run says within a twentieth of a second that its
// process is leaving, and a rank alone may save.
constexpr std::chrono::seconds kTimeToGo{2};

}  // namespace

JobWatch::JobWatch(const StudyFolder& folder, Communicator& job, RankLog log,
                   std::chrono::milliseconds silence)
    : log_(std::move(log)), beat_every_(silence / kBeatsOfSilence) {
  remove_dead_rank_claims(folder);
  if (job.size() == 1) return;
  const std::filesystem::path own = rank_claim(folder, this_process());
  const std::vector<std::string> names = gather_bytes(job, own.filename().string());
  next_ = folder.ranks() / names[static_cast<std::size_t>((job.rank() + 1) % job.size())];
  claim_ = Claim::take(own, job.rank(), beat_every_, [this] { look(); });
}

// No claim is no evidence: a rank removes its own at its end, and people may remove them.
void JobWatch::look() {
  std::string said;
  try {
    said = read_claim_text(next_);
  } catch (const UnreadError&) {
    // Nor is one that cannot be read.
  }
  const auto claim = claim_from(said);
  if (!claim || said != heard_) {
    heard_ = said;
    unheard_ = 0;
  } else if (++unheard_ >= kBeatsOfSilence) {
    leave(*claim);
  }
}

void JobWatch::leave(const ClaimContent& silent) const {
  const std::string& host = silent.process.host;
  const std::string what = fmt::format(
      "rank {} (process {} on {}) gives no sign of life (it is dead or suspended, or its machine "
      "or file system hangs); this job ends, run again to go on",
      silent.rank, silent.process.pid, host.substr(0, host.find('/')));
  tell(what);
  log_.say(what);
  request_stop();
  std::this_thread::sleep_for(kTimeToGo);
  ::_exit(kExitFailed);
}

}  // namespace isoloss
