#include "harness/study/supervisor.h"

#include <fmt/format.h>

#include <algorithm>
#include <chrono>
#include <filesystem>
#include <functional>
#include <iterator>
#include <memory>
#include <optional>
#include <thread>
#include <vector>

#include "harness/files/run_storage.h"
#include "harness/ranks/stop_signal.h"
#include "harness/study/claim.h"
#include "harness/study/progress_display.h"
#include "harness/study/run_deaths.h"
#include "harness/study/study_outcome.h"
#include "harness/study/study_setup.h"
#include "harness/study/supervised.h"
#include "harness/training/training_limit.h"
#include "model/spec/error.h"
#include "results/rank_claims.h"
#include "sweeps/device_runs.h"
#include "sweeps/run_ranks.h"

namespace isoloss {
namespace {

constexpr int kStartsWithoutProgress = 3;

// Waits until all have ended, passing a request to stop on.
void wait_for(ChildProcesses& children, const std::function<bool()>& stop) {
  constexpr auto kAskEvery = std::chrono::seconds(1);
  auto asked = std::chrono::steady_clock::time_point{};
  while (children.running()) {
    if (const auto now = std::chrono::steady_clock::now(); now - asked >= kAskEvery && stop()) {
      children.ask_to_stop();
      let_interrupts_end();
      asked = now;
    }
    std::this_thread::sleep_for(std::chrono::milliseconds(100));
  }
}

// Removes the claims of processes that are gone. Where one of them is to blame, a crash or a death
// under the named supervisor, the run gets a failed attempt.
void clear_dead_claims(const StudyFolder& folder, const StudyPlan& plan,
                       const std::string& supervisor) {
  ClaimObserver observer;
  for (const PlannedRun& run : plan.runs) {
    const auto path = folder.claim(run.id);
    const auto state = observer.look(path);
    if (state == ClaimObserver::State::Held || state == ClaimObserver::State::Unread) continue;
    std::vector<ClaimContent> dead;
    if (state == ClaimObserver::State::Expired) {
      const auto claim = observer.remove_expired(path);
      if (!claim) continue;
      dead.push_back(*claim);
    }
    std::ranges::move(take_helper_claims(folder, run.id), std::back_inserter(dead));
    if (const auto blamed = to_blame(dead, supervisor))
      record_attempt(folder, run.id, death_of(*blamed));
  }
}

// Grows with everything that a start can achieve.
std::int64_t achieved(const std::vector<RunProgress>& progress,
                      const std::vector<SearchDecision>& decisions) {
  auto sum = static_cast<std::int64_t>(decisions.size());
  for (const RunProgress& run : progress) {
    sum += run.checkpoint_step + static_cast<std::int64_t>(run.selection_losses.size()) +
           run.failed_attempts + (run.diverged ? 1 : 0);
  }
  return sum;
}

void throw_failure(const StudyFailure& failure) {
  if (failure.status == kExitBadInput) throw InputError(failure.message);
  throw WorkError(failure.message);
}

}  // namespace

int supervise_study(const Study& study, const RunOptions& options, RankJob job) {
  check_device(study, options.devices);
  check_data(study);
  const std::vector<std::string> left_out = check_cards(study);
  const StudyFolder folder{options.folder};
  const std::string name = own_supervisor_name();
  const auto asked_to_stop = stop_condition(
      folder.stop_file(), training_limit(options.time_limit_seconds ? options.time_limit_seconds
                                                                    : study.time_limit_seconds));
  bool ranks_were_asked = false;  // all of them, by somebody else, and left as they should
  const auto stop = [&] { return ranks_were_asked || asked_to_stop(); };
  StudyPlan plan = restrict_plan(make_plan(study), options.only);
  if (study.device == "cuda") plan = plan_on_devices(study, plan);
  check_ranks(plan, job.ranks);
  job.threads = static_cast<int>(study.base.threads);
  prepare_study_folder(folder, study);
  tell_left_out(left_out);
  if (options.retry_failed) forget_attempts(folder);
  clear_dead_claims(folder, plan, "");
  StudyReader reader(folder);
  auto display = std::make_unique<ProgressDisplay>(folder, plan);
  int idle_starts = 0;
  std::int64_t before = -1;
  while (true) {
    check_still_there(folder);
    remove_dead_rank_claims(folder, name);
    const auto progress = reader.progress(plan);
    const auto decisions = reader.decisions();
    const StudyOutcome outcome = study_outcome(plan, progress, decisions);
    if (outcome.status != kExitStopped || stop()) {
      display.reset();
      report_outcome(outcome, folder);
      return outcome.status;
    }
    const std::int64_t now = achieved(progress, decisions);
    idle_starts = now > before ? 1 : idle_starts + 1;
    before = now;
    if (idle_starts > kStartsWithoutProgress) {
      throw WorkError(
          fmt::format("the ranks ended {} times without getting on (their messages are "
                      "above); mend what they name and run again",
                      kStartsWithoutProgress));
    }
    {
      hold_interrupts();  // the ranks would train on with nobody above them
      ChildProcesses children(job, name);
      wait_for(children, stop);
      ranks_were_asked = take_stop(folder, name) && children.status() == 0;
    }
    clear_dead_claims(folder, plan, stop() ? "" : name);
    if (const auto failure = take_failure(folder, name)) throw_failure(*failure);
  }
}

}  // namespace isoloss
