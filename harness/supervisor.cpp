#include "harness/supervisor.h"

#include <fmt/format.h>

#include <chrono>
#include <filesystem>
#include <functional>
#include <memory>
#include <optional>
#include <thread>

#include "harness/child_processes.h"
#include "harness/claim.h"
#include "harness/progress_display.h"
#include "harness/rank_groups.h"
#include "harness/run_storage.h"
#include "harness/stop_signal.h"
#include "harness/study_outcome.h"
#include "harness/study_setup.h"
#include "harness/supervised.h"
#include "model/spec/error.h"

namespace isoloss {
namespace {

constexpr int kStartsWithoutProgress = 3;

// Waits until all have ended, passing a request to stop on.
void wait_for(ChildProcesses& children, const std::function<bool()>& stop) {
  bool asked = false;
  while (children.running()) {
    if (!asked && stop()) {
      children.ask_to_stop();
      asked = true;
    }
    std::this_thread::sleep_for(std::chrono::milliseconds(100));
  }
}

// Removes the claims of processes that are gone; those that died under this supervisor count as a
// failed attempt of the run, as claims that another rank took over did already.
void clear_dead_claims(const StudyFolder& folder, const StudyPlan& plan,
                       bool under_this_supervisor) {
  ClaimObserver observer;
  for (const PlannedRun& run : plan.runs) {
    const auto path = folder.claim(run.id);
    if (observer.look(path) != ClaimObserver::State::Expired) continue;
    const auto claim = observer.remove_expired(path);
    if (claim && under_this_supervisor) record_attempt(folder, run.id, death_of(*claim));
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

int supervise_study(const Study& study, const RunOptions& options, int ranks,
                    const std::vector<std::string>& rank_command) {
  check_device(study);
  check_data(study);
  const auto stop = stop_condition(options.time_limit_seconds ? options.time_limit_seconds
                                                              : study.time_limit_seconds);
  const StudyFolder folder{options.folder};
  const StudyPlan plan = restrict_plan(make_plan(study), options.only);
  plan_layout(plan, ranks, ranks);  // where ranks go, mpirun and srun decide
  prepare_study_folder(folder, study);
  if (options.retry_failed) forget_attempts(folder);
  take_failure(folder);
  clear_dead_claims(folder, plan, false);
  StudyReader reader(folder);
  auto display = std::make_unique<ProgressDisplay>(folder, plan);
  int idle_starts = 0;
  std::int64_t before = -1;
  while (true) {
    const auto progress = reader.progress(plan);
    const auto decisions = reader.decisions();
    const StudyOutcome outcome = study_outcome(plan, progress, decisions);
    if (outcome.status != kExitStopped || stop()) {
      display.reset();
      report_outcome(outcome);
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
      ChildProcesses children(rank_command, ranks, static_cast<int>(study.base.threads));
      wait_for(children, stop);
    }
    clear_dead_claims(folder, plan, !stop());
    if (const auto failure = take_failure(folder)) throw_failure(*failure);
  }
}

}  // namespace isoloss
