#include "harness/study_loop.h"

#include <fmt/format.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <chrono>
#include <cstdio>
#include <exception>
#include <memory>
#include <span>
#include <thread>
#include <vector>

#include "harness/bfloat16_probe.h"
#include "harness/checkpoint.h"
#include "harness/claim.h"
#include "harness/mpi_communicator.h"
#include "harness/progress/run_progress.h"
#include "harness/progress_display.h"
#include "harness/rank_groups.h"
#include "harness/rank_reporter.h"
#include "harness/run_executor.h"
#include "harness/run_storage.h"
#include "harness/stop_signal.h"
#include "harness/study_outcome.h"
#include "harness/study_setup.h"
#include "harness/supervised.h"
#include "model/spec/error.h"

namespace isoloss {
namespace {

constexpr auto kPollEvery = std::chrono::milliseconds(300);

std::string first_line(const std::string& text) { return text.substr(0, text.find('\n')); }

// In a job of several ranks the others cannot be told: this one leaves and the job ends with it.
[[noreturn]] void leave_job(const std::string& message, int status) {
  // A supervisor says it.
  if (!is_supervised()) fmt::print(stderr, "isoloss: {}\n", message);
  std::fflush(stderr);
  ::_exit(status);
}

// What the files say at one moment.
struct StudyState {
  std::vector<RunProgress> progress;
  std::vector<SearchDecision> decisions;
};

class StudyLoop {
 public:
  // `whole`: the plan is the whole study's, so that what it needs no more nobody needs.
  StudyLoop(const StudyFolder& folder, const StudyPlan& plan, bool whole, std::int64_t rank,
            Communicator& block, const RankLayout& layout, std::function<bool()> stop)
      : folder_(folder),
        plan_(plan),
        whole_(whole),
        rank_(rank),
        stop_(std::move(stop)),
        reader_(folder),
        reporter_(folder, rank),
        block_(block),
        executor_(folder, plan.study, block, layout) {}

  // Until nothing is left or a stop is asked for; returns how the study stands then.
  StudyOutcome run() {
    while (true) {
      const StudyState state = read_and_decide();
      if (whole_) release_checkpoints(state);
      if (stop_() || is_done(plan_, state.progress, state.decisions)) {
        executor_.dismiss();
        return study_outcome(plan_, state.progress, state.decisions);
      }
      if (!train_something(ready_work(plan_, state.progress, state.decisions))) {
        std::this_thread::sleep_for(kPollEvery);
      }
    }
  }

 private:
  StudyState read_and_decide() {
    StudyState state{reader_.progress(plan_), reader_.decisions()};
    bool published = false;
    for (const SearchDecision& due : due_decisions(plan_, state.progress)) {
      if (std::ranges::find(state.decisions, due.key, &SearchDecision::key) !=
          state.decisions.end()) {
        continue;
      }
      publish_decision(folder_, stored_decision(due));
      published = true;
    }
    if (published) state.decisions = reader_.decisions();
    return state;
  }

  void release_checkpoints(const StudyState& state) const {
    for (const auto& [run, step] : spent_checkpoints(plan_, state.progress, state.decisions))
      release_checkpoint(folder_.run(run), step);
  }

  // The first item that nobody else holds; false where there is none.
  bool train_something(const std::vector<WorkItem>& items) {
    for (const WorkItem& item : items) {
      const auto path = folder_.claim(item.id);
      switch (observer_.look(path)) {
        case ClaimObserver::State::Held:
          continue;
        case ClaimObserver::State::Expired:
          if (!take_over(item.id)) continue;
          break;
        case ClaimObserver::State::Free:
          break;
      }
      if (const auto claim = Claim::take(path, rank_)) {
        train(item.id, *claim);
        return true;
      }
    }
    return false;
  }

  // A process of this supervisor's that is certainly dead died while training: the run is trained
  // again, and given up when that happens twice. What died with another supervisor's job may have
  // been preempted.
  bool take_over(const std::string& id) {
    const auto claim = observer_.remove_expired(folder_.claim(id));
    if (!claim) return false;
    if (!is_supervised() || claim->supervisor != supervisor_name() ||
        !certainly_dead(claim->process))
      return true;
    if (!claim->leaving) record_attempt(folder_, id, death_of(*claim));
    return true;
  }

  // What there is to do in the run is asked again under the claim: somebody may just have done it.
  void train(const std::string& id, Claim& claim) {
    const StudyState state = read_and_decide();
    const auto items = ready_work(plan_, state.progress, state.decisions);
    const auto item = std::ranges::find(items, id, &WorkItem::id);
    if (item == items.end()) return;
    try {
      executor_.execute(plan_.runs[item->run], *item, claim, reporter_, stop_);
    } catch (const InputError&) {
      throw;
    } catch (const WorkError&) {
      throw;
    } catch (const std::exception& problem) {
      const std::string reason = first_line(problem.what());
      // The others of the block are in the middle of it: the job ends, the claim of a dead process
      // counts as the failed attempt, and a supervisor starts the ranks again.
      if (block_.size() > 1) leave_job(fmt::format("run {} failed ({})", id, reason), kExitFailed);
      fmt::print(stderr, "isoloss: run {} failed ({})\n", id, reason);
      record_attempt(folder_, id, reason);
      reporter_.idle();
    }
  }

  StudyFolder folder_;
  const StudyPlan& plan_;
  bool whole_;
  std::int64_t rank_;
  std::function<bool()> stop_;
  StudyReader reader_;
  ClaimObserver observer_;
  RankReporter reporter_;
  Communicator& block_;  // the ranks that train together, this one leading
  RunExecutor executor_;
};

// What all ranks learn of rank 0 before they train.
struct Start {
  int status = kExitDone;  // otherwise the program ends with it
  RankLayout layout;
};

// Rank 0 makes and checks the folder and chooses the layout. A failure is thrown on rank 0, so that
// it is said once; the others get its status.
Start set_up(Communicator& communicator, const StudyFolder& folder, const Study& study,
             const StudyPlan& plan, const RunOptions& options) {
  std::array<Start, 1> start{};
  std::exception_ptr failure;
  const int on_machine = ranks_on_machine(communicator, host_name());
  if (communicator.rank() == 0) {
    try {
      start[0].layout = plan_layout(plan, communicator.size(), on_machine);
      prepare_study_folder(folder, study);
      if (options.retry_failed) forget_attempts(folder);
      warn_of_slow_bfloat16(plan);
    } catch (const InputError&) {
      start[0].status = kExitBadInput;
      failure = std::current_exception();
    } catch (const std::exception&) {
      start[0].status = kExitFailed;
      failure = std::current_exception();
    }
  }
  communicator.broadcast(std::as_writable_bytes(std::span(start)), 0);
  if (failure) std::rethrow_exception(failure);
  return start[0];
}

int train_study(const StudyPlan& plan, bool whole, const StudyFolder& folder,
                Communicator& communicator, const RankLayout& layout,
                const std::function<bool()>& stop) {
  const auto block = block_of(communicator, layout);
  if (block->rank() != 0) {
    RunExecutor(folder, plan.study, *block, layout).follow(plan);
    return kExitDone;  // the leaders say how the study stands
  }
  std::unique_ptr<ProgressDisplay> display;
  const bool speaks = communicator.rank() == 0 && !is_supervised();
  if (speaks) display = std::make_unique<ProgressDisplay>(folder, plan);
  const StudyOutcome outcome =
      StudyLoop(folder, plan, whole, communicator.rank(), *block, layout, stop).run();
  display.reset();
  if (speaks) report_outcome(outcome, folder);
  if (!is_supervised()) return outcome.status;
  if (outcome.status == kExitStopped) report_stop(folder);
  return kExitDone;
}

}  // namespace

int run_study(const Study& study, const RunOptions& options) {
  check_device(study);
  check_data(study);
  const StudyFolder folder{options.folder};
  const auto stop =
      stop_condition(folder.stop_file(), options.time_limit_seconds ? options.time_limit_seconds
                                                                    : study.time_limit_seconds);
  const StudyPlan plan = restrict_plan(make_plan(study), options.only);
  const auto communicator = make_communicator();
  const Start start = set_up(*communicator, folder, study, plan, options);
  if (start.status != kExitDone) return start.status;
  try {
    return train_study(plan, options.only.empty(), folder, *communicator, start.layout, stop);
  } catch (const std::exception& problem) {
    const bool bad_input = dynamic_cast<const InputError*>(&problem) != nullptr;
    const int status = bad_input ? kExitBadInput : kExitFailed;
    if (is_supervised()) report_failure(folder, {status, problem.what()});
    if (is_supervised() && communicator->size() == 1) return status;
    if (communicator->size() > 1) leave_job(problem.what(), status);
    throw;
  }
}

}  // namespace isoloss
