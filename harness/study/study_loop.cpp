#include "harness/study/study_loop.h"

#include <fmt/format.h>
#include <unistd.h>

#include <array>
#include <exception>
#include <memory>
#include <optional>
#include <span>
#include <string>
#include <utility>
#include <vector>

#include "harness/ranks/block_exchange.h"
#include "harness/ranks/job_communicator.h"
#include "harness/ranks/machine.h"
#include "harness/ranks/rank_groups.h"
#include "harness/ranks/stop_signal.h"
#include "harness/study/block_leader.h"
#include "harness/study/claim_mark.h"
#include "harness/study/job_ranks.h"
#include "harness/study/job_rounds.h"
#include "harness/study/progress_display.h"
#include "harness/study/rank_device.h"
#include "harness/study/run_executor.h"
#include "harness/study/study_clock.h"
#include "harness/study/study_outcome.h"
#include "harness/study/study_setup.h"
#include "harness/study/supervised.h"
#include "harness/training/bfloat16_probe.h"
#include "harness/training/remembered_steps.h"
#include "harness/training/training_limit.h"
#include "model/parallel/peer_lost.h"
#include "model/spec/error.h"
#include "model/spec/tell.h"
#include "sweeps/device_runs.h"

namespace isoloss {
namespace {

// What all ranks learn of rank 0 before they train.
struct Start {
  int status = kExitDone;   // otherwise the program ends with it
  std::int64_t number = 0;  // among the folder's starts; 0: nothing is noted of it
  JobRanks ranks;
};

// Steps that were measured here say how long the study takes; they decide nothing.
DeviceRate host_rate(const StepTimes& steps) {
  DeviceRate rate = device_rate("cpu", "float32");
  rate.steps = steps;
  return rate;
}

// Rank 0 makes and checks the folder and decides who trains which run. A failure is thrown on rank
// 0, so that it is said once; the others get its status.
Start set_up(Communicator& communicator, const StudyFolder& folder, const Study& study,
             const StudyPlan& plan, const RunOptions& options,
             const std::optional<RankDevice>& device, int on_machine, const StepTimes& steps) {
  Start start;
  std::exception_ptr failure;
  std::string reason;
  if (communicator.rank() == 0) {
    try {
      PlanRanks ranks{communicator.size(), machine_memory() / on_machine};
      if (device) ranks = ranks_on(device->own.job, communicator.size(), device->own.ranks);
      start.ranks =
          plan_job(plan, ranks, device ? rate_for_planning(device->own) : host_rate(steps));
      if (device) check_packing(plan, start.ranks.layouts, device->own.job, device->own.ranks);
      prepare_study_folder(folder, study);
      if (options.retry_failed) forget_attempts(folder);
      if (!device) warn_of_slow_bfloat16(plan);
      if (!device && !start.ranks.not_held.empty())
        tell(fmt::format("does not fit into the memory of these ranks: {}", start.ranks.not_held));
      start.number =
          note_start(folder, plan, start.ranks.makespan, communicator.size(), options.only.empty());
    } catch (const InputError& problem) {
      start.status = kExitBadInput;
      reason = problem.what();
      failure = std::current_exception();
    } catch (const std::exception& problem) {
      start.status = kExitFailed;
      reason = problem.what();
      failure = std::current_exception();
    }
  }
  std::array<std::int64_t, 2> status = {start.status, start.number};
  communicator.broadcast(std::as_writable_bytes(std::span(status)), 0);
  if (failure && is_supervised())
    report_failure(folder, {start.status, reason});  // who starts ranks says it
  else if (failure)
    std::rethrow_exception(failure);
  start.status = static_cast<int>(status[0]);
  start.number = status[1];
  if (start.status == kExitDone) share(start.ranks, plan.runs.size(), communicator);
  return start;
}

// Every rank gets a device or none does; then the first one throws why and the others end.
struct JobPlace {
  int status = kExitDone;
  std::optional<RankDevice> device;
};

JobPlace take_place(Communicator& job, const StudyFolder& folder, TrainingDevices& devices,
                    int most_per_device) {
  try {
    return {kExitDone, RankDevice{devices, devices.take_place(job, host_name(), most_per_device)}};
  } catch (const InputError& problem) {
    if (job.rank() != 0) return {kExitBadInput, std::nullopt};
    if (!is_supervised()) throw;
    report_failure(folder, {kExitBadInput, problem.what()});  // who starts ranks says it
    return {kExitBadInput, std::nullopt};
  } catch (const std::exception& problem) {
    if (is_supervised()) report_failure(folder, {kExitFailed, problem.what()});
    // The others may wait for this rank.
    if (job.size() > 1) leave_job(problem.what(), kExitFailed);
    throw;
  }
}

// Whether a leader found everything trained, on every rank; collective.
bool all_is_trained(const std::optional<StudyOutcome>& outcome, Communicator& job) {
  std::array<double, 1> any = {outcome && outcome->status == kExitDone ? 1.0 : 0.0};
  job.all_reduce_max(any);
  return any[0] != 0;
}

int train_study(const StudyWork& work, Communicator& job, std::int64_t number) {
  StudyClock clock(work.folder, job.rank() == 0 ? number : 0);
  std::unique_ptr<ProgressDisplay> display;
  const bool speaks = job.rank() == 0 && !is_supervised();
  if (speaks) display = std::make_unique<ProgressDisplay>(work.folder, work.plan);
  const auto outcome = train_with_job(work, job);
  display.reset();
  if (all_is_trained(outcome, job)) clock.note_end();
  if (!outcome) return kExitDone;  // the leaders say how the study stands
  if (speaks) report_outcome(*outcome, work.folder);
  if (!is_supervised()) return outcome->status;
  if (outcome->status == kExitStopped) report_stop(work.folder);
  return kExitDone;
}

}  // namespace

int run_study(const Study& study, const RunOptions& options) {
  check_device(study, options.devices);
  check_data(study);
  const std::vector<std::string> left_out = check_cards(study);
  const StudyFolder folder{options.folder};
  const auto stop = stop_condition(
      folder.stop_file(), training_limit(options.time_limit_seconds ? options.time_limit_seconds
                                                                    : study.time_limit_seconds));
  StudyPlan plan = restrict_plan(make_plan(study), options.only);
  bool on_devices = study.device == "cuda";
  if (on_devices) plan = plan_on_devices(study, std::move(plan));
  std::unique_ptr<JobWatch> watch;  // until MPI has ended, where ranks may wait too
  const auto communicator = join_job(folder);
  if (study.device == "auto" && devices_serve(study, plan, options.devices, *communicator)) {
    on_devices = true;
    plan = plan_on_devices(study, std::move(plan));
  }
  note_crashes();
  const JobPlace place = on_devices ? take_place(*communicator, folder, *options.devices,
                                                 static_cast<int>(study.ranks_per_device))
                                    : JobPlace{};
  if (place.status != kExitDone) return place.status;
  const int on_machine = ranks_on_machine(*communicator, host_name());
  const StepTimes steps =
      remembered_steps(steps_at_once(on_machine, static_cast<int>(plan.runs.at(0).spec.threads)));
  const Start start =
      set_up(*communicator, folder, study, plan, options, place.device, on_machine, steps);
  if (start.status != kExitDone) return start.status;
  if (communicator->rank() == 0 && !is_supervised()) tell_left_out(left_out);
  RunExecutor executor(folder, plan.study, communicator->rank(), options.stall,
                       place.device ? &*place.device : nullptr, steps, options.machine_bytes);
  try {
    watch = std::make_unique<JobWatch>(folder, *communicator, executor.log(), options.rank_silence);
    executor.log().say(fmt::format("rank {} of {}, process {}, begins on {}", communicator->rank(),
                                   communicator->size(), ::getpid(),
                                   place.device ? place.device->own.name : machine_name()));
    const auto ordered = in_block_order(*communicator, start.ranks.unit, host_name());
    return train_study(
        {folder, plan, options.only.empty(), start.ranks, communicator->rank(), executor, stop},
        ordered ? *ordered : *communicator, start.number);
  } catch (const BrokenBlock& problem) {
    leave_job(problem.what(), kExitFailed);  // a supervisor starts the ranks again
  } catch (const PeerLost& problem) {
    executor.log().say(problem.what());
    leave_job(problem.what(), kExitFailed);
  } catch (const std::exception& problem) {
    executor.log().say(problem.what());
    const bool bad_input = dynamic_cast<const InputError*>(&problem) != nullptr;
    const int status = bad_input ? kExitBadInput : kExitFailed;
    if (is_supervised()) report_failure(folder, {status, problem.what()});
    if (is_supervised() && communicator->size() == 1) return status;
    if (communicator->size() > 1) leave_job(problem.what(), status);
    throw;
  }
}

}  // namespace isoloss
