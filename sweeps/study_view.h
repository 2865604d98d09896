// How far a study is, for what the schedule asks (sweeps/schedule.h).
#pragma once
#include <cstddef>
#include <cstdint>
#include <span>
#include <string>
#include <vector>

#include "sweeps/plan.h"
#include "sweeps/schedule.h"

namespace isoloss {

inline constexpr std::size_t kNoRun = static_cast<std::size_t>(-1);

// The state of a study as the files say it, looked up by indices of the plan.
class StudyView {
 public:
  // All three outlive it.
  StudyView(const StudyPlan& plan, std::span<const RunProgress> progress,
            std::span<const SearchDecision> decisions);

  const RunProgress& progress(std::size_t run) const { return *progress_[run]; }
  // Null where it is not decided.
  const SearchDecision* decision(std::size_t search) const { return decisions_[search]; }

  // It failed as often as is tried, or its files cannot be used.
  bool quarantined(std::size_t run) const;
  // Diverged or quarantined.
  bool given_up(std::size_t run) const { return progress(run).diverged || quarantined(run); }
  bool evaluated(std::size_t run, std::int64_t step) const {
    return progress(run).selection_losses.contains(step);
  }
  bool evaluated(std::size_t run, const std::vector<std::int64_t>& steps) const;

  // kNoRun where none of them has that id.
  std::size_t run_named(const std::vector<std::size_t>& among, const std::string& id) const;
  // The run that is the trial; kNoRun while that is not decided, or where its search has no winner.
  // The winner is another seed's or size's run: the trial takes the candidate of the same rate.
  std::size_t run_of(const PlannedTrial& trial) const;

 private:
  const StudyPlan& plan_;
  std::vector<const RunProgress*> progress_;
  std::vector<const SearchDecision*> decisions_;
};

}  // namespace isoloss
