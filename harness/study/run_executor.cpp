#include "harness/study/run_executor.h"

#include <fmt/format.h>
#include <unistd.h>

#include <chrono>
#include <cmath>
#include <cstdio>
#include <exception>
#include <memory>
#include <optional>
#include <utility>
#include <variant>

#include "harness/data/held_out_note.h"
#include "harness/ranks/block_exchange.h"
#include "harness/ranks/machine.h"
#include "harness/ranks/peak_memory.h"
#include "harness/ranks/stop_signal.h"
#include "harness/scoring/one_shot.h"
#include "harness/scoring/study_cards.h"
#include "harness/study/background_job.h"
#include "harness/study/run_header.h"
#include "harness/study/run_recorder.h"
#include "harness/study/study_outcome.h"
#include "harness/training/host_training_state.h"
#include "harness/training/state_copy.h"
#include "model/layers/language_model.h"
#include "model/spec/error.h"
#include "results/helper_claims.h"
#include "sweeps/score_stops.h"

namespace isoloss {
namespace {

void restore(TrainingState& state, const RunRestart& restart) {
  if (!restart.checkpoint) return;
  const CheckpointHead head = restart.checkpoint->head();
  const StateTables tables = state.tables();
  state.take_tensors(head.step, head.seconds,
                     restart.checkpoint->tensors(tables.weights, &tables.optimizer));
}

// On the watch's thread: the training thread hangs and may hold any lock. A process that was told
// to go is no failure of its run.
[[noreturn]] void leave_stalled(const StudyFolder& folder, const std::string& id, int attempt,
                                Claim& claim, const std::string& what) {
  fmt::print(stderr, "isoloss: run {} {}; this process ends, run again to go on\n", id, what);
  std::fflush(stderr);
  try {
    if (claim.held() && !stop_signalled()) record_attempt(folder, id, what, attempt);
  } catch (const std::exception& problem) {
    fmt::print(stderr, "isoloss: {}\n", problem.what());
  }
  claim.give_up();
  ::_exit(kExitFailed);
}

std::string ranks_text(int ranks) { return ranks == 1 ? "" : fmt::format(" with {} ranks", ranks); }

void log_event(const RankLog& log, const PlannedRun& run, const TrainingSegment& segment,
               std::int64_t step, const TrainingEvent& event) {
  if (const auto* evaluation = std::get_if<Evaluation>(&event)) {
    for (const EvaluationStop& stop : segment.stops)
      if (stop.step == evaluation->step && stop.budget == evaluation->budget)
        log.say(run,
                fmt::format("trial {}: loss {:.6f} at step {}",
                            trial_id(run.id, stop.budget, stop.unit), evaluation->loss, stop.step));
  } else if (const auto* diverged = std::get_if<TrainingDiverged>(&event)) {
    log.say(run, fmt::format("diverged ({})", diverged->reason));
  } else if (std::holds_alternative<CheckpointHere>(event)) {
    log.say(run, fmt::format("checkpoint of step {}", step));
  }
}

const char* end_text(TrainingOutcome outcome, const Claim& claim) {
  switch (outcome) {
    case TrainingOutcome::Reached:
      return "reached its step";
    case TrainingOutcome::Diverged:
      return "over";
    case TrainingOutcome::Stopped:
      break;
  }
  return claim.lost() ? "left: somebody took it over" : "stopped on request";
}

RankReport report_of(const PlannedRun& run, std::int64_t step, std::int64_t to_step) {
  return {.run = run.id,
          .architecture = run.spec.model.architecture,
          .size = run.spec.model.size,
          .seed = run.spec.seed,
          .learning_rate = run.spec.optimizer.learning_rate,
          .from_step = step,
          .step = step,
          .to_step = to_step};
}

}  // namespace

const Dataset* RunExecutor::dataset_of(const RunSpec& spec, const std::function<bool()>& stop) {
  RunSpec read;
  read.data = spec.data;
  read.evaluation.tokens = spec.evaluation.tokens;
  read.model.sequence = spec.model.sequence;
  std::string key = canonical_json(read);
  for (const std::string& file : spec.data.files) key += "\n" + file;
  if (!dataset_ || key != dataset_key_) {
    dataset_.reset();
    const auto leave_if_asked = [&] {
      if (stop()) throw Stopped();
    };
    try {
      dataset_ = open_dataset(spec.data, spec.model.sequence, spec.evaluation.tokens,
                              folder_.data(), leave_if_asked);
    } catch (const Stopped&) {
      return nullptr;
    }
    dataset_key_ = key;
    if (rank_ == 0) tell_of_data(spec);
  }
  if (dataset_->vocabulary() > spec.model.vocabulary) {
    throw InputError(fmt::format(
        "the data needs a vocabulary of {} (the model of {} has {}); set model.vocabulary or leave "
        "it out",
        dataset_->vocabulary(), spec.model.size, spec.model.vocabulary));
  }
  check_tokenizer(spec.evaluation, *dataset_);
  return dataset_.get();
}

void RunExecutor::tell_once(const std::string& what) {
  if (told_.insert(what).second) fmt::print(stderr, "isoloss: {}\n", what);
}

void RunExecutor::tell_of_data(const RunSpec& spec) {
  if (spec.data.kind == DataKind::Text) {
    const std::string note = held_out_note(dataset_->held_out().tokens, dataset_->training_tokens(),
                                           spec.data.validation);
    if (!note.empty()) tell_once(note);
  }
  for (const std::string& task :
       tasks_without_score(*dataset_, spec.model.sequence, spec.evaluation.tasks))
    tell_once(fmt::format(
        "not scored: {} (the study's data give it fewer than 16 items in sequences of {}); hold "
        "out more text (tokens without text give none), raise model.sequence, or write "
        "evaluate.tasks without it",
        task, spec.model.sequence));
}

void RunExecutor::add_scoring(const PlannedRun& run, TrainingSegment& segment) {
  const EvaluationSpec& evaluation = run.spec.evaluation;
  segment.score_stops = score_stops(run);
  if (!has_cards(evaluation)) return;
  segment.cards = &cards_for(run.spec);
}

// The data are open by now, and their tokenizer is there.
const TaskSuite& RunExecutor::cards_for(const RunSpec& spec) {
  const std::pair key(dataset_key_, spec.model.sequence);
  if (cards_ && cards_key_ == key) return *cards_;
  TaskSuite suite = study_cards(spec.evaluation);
  suite.left_out.clear();  // said before anything was trained
  keep_fitting(suite, *dataset_->tokenizer(), spec.model.sequence);
  if (rank_ == 0)
    for (const std::string& why : suite.left_out) tell_once("not scored: " + why);
  cards_ = std::make_shared<const TaskSuite>(std::move(suite));
  cards_key_ = key;
  return *cards_;
}

TrainingSegment RunExecutor::segment_of(const PlannedRun& run, const WorkItem& item,
                                        const RunRestart& restart) {
  TrainingSegment segment{
      item.to_step, restart.stops,
      std::chrono::milliseconds(std::llround(1000 * run.spec.checkpoint_seconds))};
  add_scoring(run, segment);
  segment.losses_before = loss_history(run.spec, restart.record.steps);
  return segment;
}

std::unique_ptr<TrainingState> RunExecutor::new_state(const PlannedRun& run, Communicator& block,
                                                      const RankLayout& layout) {
  RankGroups ranks(block, layout);
  std::unique_ptr<TrainingState> state;
  if (device_ == nullptr)
    do_together(block,
                [&] { state = std::make_unique<HostTrainingState>(run.spec, std::move(ranks)); });
  else
    state = new_state_on_device(run, block, std::move(ranks), layout);
  return state;
}

std::unique_ptr<TrainingState> RunExecutor::new_state_on_device(const PlannedRun& run,
                                                                Communicator& block,
                                                                RankGroups ranks,
                                                                const RankLayout& layout) {
  do_together(block, [&] { check_device_memory(run.spec, layout, device_->own); });
  std::unique_ptr<TrainingState> state;
  unshared(block, [&] {  // ranks join their devices inside of it
    state = device_->devices.state(run.spec, std::move(ranks), {run.id, folder_.run(run.id)});
  });
  return state;
}

// Rates of devices are of bfloat16.
TrainedOn RunExecutor::trained_on(const RunSpec& spec) const {
  if (device_ == nullptr) {
    TrainedOn on{machine_name(), device_rate("cpu", spec.dtype)};
    on.rate->steps = steps_;
    return on;
  }
  TrainedOn on{device_->own.name, std::nullopt};
  if (spec.dtype == "bfloat16") on.rate = rate_of(device_->own);
  return on;
}

void RunExecutor::follow(Communicator& block, const StudyPlan& plan, const TrainingOrder& order) {
  const PlannedRun& run = plan.runs[order.run];
  // The leader's claim beats for both: this one is read when its process is gone.
  const auto claim =
      Claim::take(helper_claim(folder_, run.id, rank_), rank_, std::chrono::minutes(10));
  const auto failure = failure_of([&] { train_with_leader(block, run, order); });
  if (!failure) return;
  try {
    std::rethrow_exception(failure);
  } catch (const SharedFailure&) {
    throw;
  } catch (const std::exception& problem) {
    const std::string reason = first_line(problem);
    log_.say(run, fmt::format("failed ({})", reason));
    record_attempt(folder_, run.id, reason, order.attempt);
    throw BrokenBlock(fmt::format("run {} failed ({})", run.id, reason));
  }
}

void RunExecutor::train_with_leader(Communicator& block, const PlannedRun& run,
                                    const TrainingOrder& order) {
  const RunSpec& spec = run.spec;
  TrainingSegment segment = order.segment;
  const Dataset* dataset = nullptr;
  do_together(block, [&] {
    dataset = dataset_of(spec, [] { return false; });  // the leader has made it
    set_intra_op_threads(static_cast<int>(spec.threads));
    add_scoring(run, segment);
  });
  const auto state = new_state(run, block, order.layout);
  if (order.resumes) state->take_tensors(0, 0, {});  // the leader's
  do_together(block, [&] {
    log_.say(run, fmt::format("follows from step {} to {}", state->step(), order.segment.to));
  });
  BackgroundJob writing;
  const auto save_part = [&](const TrainingEvent& event) {
    const auto* here = std::get_if<CheckpointHere>(&event);
    if (const auto* due = std::get_if<CheckpointDue>(&event); due != nullptr && due->last)
      return writing.wait();
    if (here == nullptr) return void(writing.busy());
    writing.wait();
    writing.start([copy = std::make_shared<const StateCopy>(*state, run.id),
                   file = part_file(here->place, block.rank())] { copy->write(file); });
  };
  train(*state, spec, *dataset, segment, save_part, [] { return false; });
  writing.wait();
  log_.say(run, fmt::format("followed to step {}", state->step()));
}

TrainingOutcome RunExecutor::execute(Communicator& block, const RankLayout& layout,
                                     const PlannedRun& run, const WorkItem& item, int attempt,
                                     Claim& claim, RankReporter& reporter,
                                     const std::function<bool()>& stop) {
  const Dataset* data = dataset_of(run.spec, stop);
  if (data == nullptr) return TrainingOutcome::Stopped;
  const Dataset& dataset = *data;
  set_intra_op_threads(static_cast<int>(run.spec.threads));
  RunRestart restart = find_restart(folder_, item, [&](const std::string& problem) {
    fmt::print(stderr, "isoloss: {}\n", problem);
    log_.say(run, problem);
  });
  if (stop()) return TrainingOutcome::Stopped;
  remove_leftovers(folder_.run(run.id));
  remove_leftovers(folder_.again(run.id));
  const TrainingSegment segment = segment_of(run, item, restart);
  // From here on this rank waits for the others.
  StallWatch watch(stall_, [&](const std::string& what) {
    log_.say(run, what);
    leave_stalled(folder_, run.id, attempt, claim, what);
  });
  give_order(TrainingOrder{item.run, layout, restart.checkpoint.has_value(), segment, attempt},
             block);
  exchange({}, nullptr, block);  // the others have their data
  forget_peak_memory();
  const auto made = new_state(run, block, layout);
  TrainingState& state = *made;
  unshared(block, [&] { restore(state, restart); });
  reporter.begin(report_of(run, state.step(), item.to_step));
  log_.say(run, fmt::format("trains from step {} to {}{}", state.step(), item.to_step,
                            ranks_text(block.size())));
  std::optional<RunRecorder> recorder;
  do_together(block, [&] {
    recorder.emplace(folder_, run_header(study_, run, dataset, layout, trained_on(run.spec)),
                     std::move(restart), state, claim, watch);
  });
  const auto tokens_per_step = static_cast<double>(run.spec.optimizer.batch_tokens);
  const auto listener = [&](const TrainingEvent& event) {
    recorder->record(event);
    log_event(log_, run, segment, state.step(), event);
    if (const auto* metrics = std::get_if<StepMetrics>(&event)) {
      reporter.step(metrics->step, metrics->loss, tokens_per_step, run.flops_per_step);
    }
  };
  const auto outcome = train(state, run.spec, dataset, segment, listener, [&] {
    watch.beat();
    return stop() || claim.lost();
  });
  recorder->settle();  // the others' parts are watched for too
  if (outcome == TrainingOutcome::Reached) {
    // Before anybody can go on past this step, which may remove the checkpoint.
    if (item.keep && claim.held()) {
      const StallWatch::Pause writing(watch);
      keep_checkpoint(recorder->checkpoints(), folder_.run(run.id), item.to_step);
    }
    recorder->finish();
  }
  log_.say(run, end_text(outcome, claim));
  reporter.idle();
  return outcome;
}

}  // namespace isoloss
