#include "harness/study/study_clock.h"

#include <exception>
#include <optional>
#include <utility>

#include "results/durable_file.h"
#include "results/folder_entries.h"
#include "results/study_makespan.h"

namespace isoloss {
namespace {

// Of jobs that were killed as they noted.
void remove_temporaries(const StudyFolder& folder) {
  const std::string name = folder.makespan_file().filename().string() + ".";
  for (const auto& path : files_in(folder.root))
    if (path.filename().string().starts_with(name) &&
        maker_of_temporary(path) == TemporaryMaker::Dead)
      std::filesystem::remove(path);
}

}  // namespace

std::int64_t note_start(const StudyFolder& folder, const StudyPlan& plan, const Predicted& makespan,
                        int ranks, bool whole) {
  try {
    remove_temporaries(folder);
    auto known = read_study_makespan(folder);
    if (!known && (!whole || !run_ids(folder).empty())) return 0;
    if (known && known->seconds) return 0;
    if (!known) {
      known = StudyMakespan{.ranks = ranks,
                            .predicted_seconds = makespan.value,
                            .lowest_seconds = makespan.lowest,
                            .highest_seconds = makespan.highest,
                            .flops = plan.flops};
    } else {
      ++known->starts;
      known->earlier_seconds += std::exchange(known->latest_seconds, 0);
      // Of an earlier version's starts nobody knows how long they took. A part of the study has the
      // FLOPs of the whole, and its end is not the study's.
      if (!whole || known->ranks != ranks || known->flops != plan.flops) known->comparable = false;
    }
    write_study_makespan(folder, *known);
    return known->starts;
  } catch (const std::exception&) {
    return 0;
  }
}

StudyClock::StudyClock(const StudyFolder& folder, std::int64_t start,
                       std::chrono::milliseconds note_every)
    : folder_(folder), start_(start) {
  if (start_ == 0) return;
  noting_ = std::thread([this, note_every] {
    std::unique_lock lock(mutex_);
    while (!ended_.wait_for(lock, note_every, [this] { return ending_; }))
      if (!note(false)) return;
  });
}

StudyClock::~StudyClock() {
  if (!noting_.joinable()) return;
  {
    const std::lock_guard lock(mutex_);
    ending_ = true;
  }
  ended_.notify_all();
  noting_.join();
  note(false);
}

void StudyClock::note_end() {
  const std::lock_guard lock(mutex_);
  if (start_ != 0) note(true);
}

bool StudyClock::note(bool over) {
  const std::chrono::duration<double> took = std::chrono::steady_clock::now() - began_;
  try {
    auto known = read_study_makespan(folder_);
    if (!known || known->seconds) return false;
    const bool alone = known->starts == start_;  // else another job has begun beside this one
    known->comparable = known->comparable && alone;
    if (alone) known->latest_seconds = took.count();
    if (over && known->comparable) known->seconds = known->earlier_seconds + took.count();
    write_study_makespan(folder_, *known);
    return alone;
  } catch (const std::exception&) {
    return true;
  }
}

}  // namespace isoloss
