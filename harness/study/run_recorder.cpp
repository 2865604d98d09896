#include "harness/study/run_recorder.h"

#include <fmt/format.h>

#include <algorithm>
#include <cstdio>
#include <filesystem>
#include <optional>
#include <utility>

#include "harness/files/run_storage.h"
#include "harness/progress/run_progress.h"
#include "harness/training/checkpoint.h"
#include "harness/training/state_copy.h"
#include "model/spec/tell.h"
#include "results/durable_file.h"

namespace isoloss {
namespace {

constexpr auto kFlushEvery = std::chrono::seconds(5);

template <typename Event>
void extend(std::vector<Event>& events, const std::vector<Event>& later) {
  events.insert(events.end(), later.begin(), later.end());
}

// What the pieces of the run that were trained before say of it whole. Where other ranks or another
// machine, a device for one, trained them, no one prediction is of its steps, and what they held is
// set against no prediction.
void take_from_before(RunHeader& header, const RunHeader& before) {
  const bool alike = before.ranks == header.ranks && before.machine == header.machine;
  if (alike) header.peak_memory_bytes = before.peak_memory_bytes;
  if (before.id != header.id) return;
  header.predicted_step_seconds = alike ? before.predicted_step_seconds : std::nullopt;
}

bool holds(const RunRecord& record, const Score& score) {
  return std::ranges::any_of(record.scores, [&](const Score& other) {
    return other.step == score.step && other.task == score.task && other.metric == score.metric;
  });
}

}  // namespace

RunRecorder::RunRecorder(const StudyFolder& folder, RunHeader header, RunRestart restart,
                         TrainingState& state, const Claim& claim, StallWatch& watch)
    : folder_(folder),
      restart_(std::move(restart)),
      state_(state),
      claim_(claim),
      watch_(watch),
      flushed_(std::chrono::steady_clock::now()) {
  take_from_before(header, restart_.record.header);
  restart_.record.header = std::move(header);
  restart_.later.header = restart_.record.header;
  const RunHeader& kept = restart_.record.header;
  journal_ = std::make_unique<JournalWriter>(folder_.journal(kept.id), kept, restart_.step(),
                                             !restart_.measure_first);
}

RunRecorder::~RunRecorder() { ending_ = true; }

void RunRecorder::record(const TrainingEvent& event) {
  std::visit(
      [this]<typename Event>(const Event& told) {
        if constexpr (std::is_same_v<Event, CheckpointDue>) {
          answer(told);
        } else if constexpr (std::is_same_v<Event, CheckpointHere>) {
          save(told.place);
        } else if constexpr (std::is_same_v<Event, TaskScores>) {
          // Before the evaluation of its step is told: what has that is not scored again.
          const StallWatch::Pause writing(watch_);
          if (claim_.held()) store_task_scores(folder_, told);
        } else if constexpr (std::is_same_v<Event, Score>) {
          // At the checkpoint that training goes on from they may be there.
          if (!holds(restart_.record, told)) append(told);
        } else if constexpr (std::is_same_v<Event, CardLeftOut>) {
          tell(told.why);
        } else if constexpr (std::is_same_v<Event, TrainingDiverged>) {
          diverged(told.reason);
        } else {
          append(told);
        }
      },
      event);
}

void RunRecorder::append(const RunEvent& event) {
  apply_events(restart_.record, {event});
  unwritten_.push_back(event);
  const auto now = std::chrono::steady_clock::now();
  if (now - flushed_ < kFlushEvery || writing_.busy()) return;
  flushed_ = now;
  writing_.start([this, events = std::exchange(unwritten_, {})] {
    const StallWatch::Pause writing(watch_);
    write_events(events);
  });
}

void RunRecorder::write_events(const std::vector<RunEvent>& events) {
  if (!claim_.held()) return;
  for (const RunEvent& event : events) journal_->append(event);
  journal_->flush();
}

// The run file: what was trained, and what stays of a run that was stored further.
RunRecord RunRecorder::whole_record(RunState state) const {
  RunRecord whole = restart_.record;
  whole.state = state;
  const auto peak = static_cast<double>(state_.peak_memory());
  if (peak > whole.header.peak_memory_bytes.value_or(0)) whole.header.peak_memory_bytes = peak;
  extend(whole.steps, restart_.later.steps);
  extend(whole.evaluations, restart_.later.evaluations);
  extend(whole.scores, restart_.later.scores);
  return whole;
}

bool RunRecorder::store(RunState state) {
  if (!claim_.held()) return false;
  const RunRecord whole = whole_record(state);
  store_run_file(folder_.run_file(whole.header.id), whole);
  return true;
}

// One checkpoint at a time: the next waits until the one before is written.
void RunRecorder::answer(const CheckpointDue& due) {
  if (due.last) writing_.wait();
  if (writing_.busy() || !claim_.held()) return;
  const auto path = checkpoint_path(restart_.checkpoints, state_.step());
  due.save_in(state_.ranks().all().size() == 1 ? path : temporary_beside(path));
}

void RunRecorder::save(const std::filesystem::path& place) {
  const std::string id = restart_.record.header.id;
  const int ranks = state_.ranks().all().size();
  const auto copy = std::make_shared<const StateCopy>(state_, id);
  // A run that is trained again keeps its file until the item's end.
  const auto record =
      restart_.again ? nullptr : std::make_shared<const RunRecord>(whole_record(RunState::Running));
  writing_.start([=, this, events = std::exchange(unwritten_, {})] {
    std::optional<StallWatch::Pause> writing(std::in_place, watch_);
    write_events(events);
    // The run file first: a checkpoint must not be further than the evaluations before it.
    if (record && claim_.held()) store_run_file(folder_.run_file(id), *record);
    if (!claim_.held()) return;
    // Where ranks of another layout saved that step, a file takes the place of their folder.
    if (ranks == 1 && std::filesystem::is_directory(place)) remove_checkpoint(place);
    copy->write(ranks == 1 ? place : part_file(place, 0));
    if (ranks > 1) {
      writing.reset();
      const auto given_up = [this] { return ending_ || !claim_.held(); };
      if (!wait_for_parts(place, ranks, given_up, [this] { watch_.beat(); })) return;
      writing.emplace(watch_);
      commit_parts(place, checkpoint_path(restart_.checkpoints, copy->step()));
    }
    remove_older_checkpoints(restart_.checkpoints, copy->step());
  });
  flushed_ = std::chrono::steady_clock::now();
}

void RunRecorder::finish() {
  settle();
  const StallWatch::Pause writing(watch_);
  const std::string id = restart_.record.header.id;
  // A trunk answers no budget: its branches do.
  const auto reached = restart_.record.evaluations.empty() ? RunState::Trunk : RunState::Finished;
  if (!store(reached)) return;
  if (restart_.again) {
    const auto kept = checkpoint_steps(folder_.run(id));
    if (kept.empty() || kept.back() < state_.step()) {
      move_checkpoint(restart_.checkpoints, folder_.run(id), state_.step());
    }
    std::filesystem::remove_all(folder_.run(id) / "again");
  }
  journal_.reset();
  std::filesystem::remove(folder_.journal(id));
}

void RunRecorder::diverged(const std::string& reason) {
  settle();
  const StallWatch::Pause writing(watch_);
  const std::string id = restart_.record.header.id;
  restart_.record.reason = reason;
  unwritten_.emplace_back(RunEnd{RunState::Diverged, reason});
  apply_events(restart_.record, {unwritten_.back()});
  write_events(std::exchange(unwritten_, {}));
  if (!store(RunState::Diverged)) return;
  journal_.reset();
  std::filesystem::remove(folder_.journal(id));
  remove_checkpoints(restart_.checkpoints);
}

}  // namespace isoloss
