#include "harness/run_recorder.h"

#include <algorithm>
#include <filesystem>
#include <utility>

#include "harness/checkpoint.h"
#include "harness/progress/run_progress.h"
#include "harness/run_storage.h"

namespace isoloss {
namespace {

constexpr auto kFlushEvery = std::chrono::seconds(5);

template <typename Event>
void extend(std::vector<Event>& events, const std::vector<Event>& later) {
  events.insert(events.end(), later.begin(), later.end());
}

}  // namespace

RunRecorder::RunRecorder(const StudyFolder& folder, RunHeader header, RunRestart restart,
                         TrainingState& state, const Claim& claim)
    : folder_(folder),
      restart_(std::move(restart)),
      state_(state),
      claim_(claim),
      flushed_(std::chrono::steady_clock::now()) {
  restart_.record.header = std::move(header);
  restart_.later.header = restart_.record.header;
  const RunHeader& kept = restart_.record.header;
  journal_ = std::make_unique<JournalWriter>(folder_.journal(kept.id), kept, restart_.step(),
                                             !restart_.measure_first);
}

void RunRecorder::record(const TrainingEvent& event) {
  std::visit(
      [this]<typename Event>(const Event& told) {
        if constexpr (std::is_same_v<Event, CheckpointDue>) {
          save(told);
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
  journal_->append(event);
  const auto now = std::chrono::steady_clock::now();
  if (now - flushed_ < kFlushEvery || !claim_.held()) return;
  journal_->flush();
  flushed_ = now;
}

// The run file: what was trained, and what stays of a run that was stored further.
bool RunRecorder::store(RunState state) {
  if (!claim_.held()) return false;
  RunRecord whole = restart_.record;
  whole.state = state;
  extend(whole.steps, restart_.later.steps);
  extend(whole.evaluations, restart_.later.evaluations);
  extend(whole.scores, restart_.later.scores);
  store_run_file(folder_.run_file(whole.header.id), whole);
  return true;
}

void RunRecorder::save(const CheckpointDue& due) {
  if (!claim_.held()) return;
  journal_->flush();
  // The run file first: a checkpoint must not be further than the evaluations before it. A run that
  // is trained again keeps its file until the item's end.
  if (!restart_.again) store(RunState::Running);
  const CheckpointHead head{restart_.record.header.id, state_.step(), state_.seconds(),
                            static_cast<std::uint32_t>(state_.element_bytes())};
  CheckpointWriter writer(restart_.checkpoints, head, state_.tables());
  due.give_tensors([&writer](std::span<const std::byte> values) { writer.add(values); });
  writer.commit();
}

void RunRecorder::finish() {
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
  const std::string id = restart_.record.header.id;
  restart_.record.reason = reason;
  append(RunEnd{RunState::Diverged, reason});
  journal_->flush();
  if (!store(RunState::Diverged)) return;
  journal_.reset();
  std::filesystem::remove(folder_.journal(id));
  remove_checkpoints(restart_.checkpoints);
}

}  // namespace isoloss
