// How far a study is, from its files alone: trials by state, failures with their reason, progress
// and the time left at the speed that its ranks report. Needs no LibTorch.
#pragma once
#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "harness/progress/rank_report.h"
#include "results/study_folder.h"
#include "sweeps/plan.h"

namespace isoloss {

struct TrialStatus {
  std::string trial;
  std::string state;  // done, running, waiting, diverged, quarantined or skipped
  std::string architecture;
  std::string size;
  std::optional<double> learning_rate;  // absent while its search is not decided
  std::uint64_t seed = 0;
  std::string budget;     // as in its id: 2e11, 20tpp, ..
  std::int64_t step = 0;  // that it has reached: as a rank reports, else as is saved
  std::int64_t steps = 0;
  int attempts = 0;    // that failed
  std::string reason;  // of what failed

  bool failed() const {
    return state == "diverged" || state == "quarantined" || state == "skipped";
  }
};

struct StudyStatus {
  std::size_t done = 0;
  std::size_t running = 0;  // waiting trials whose run is being trained now
  std::size_t waiting = 0;
  std::size_t failed = 0;  // diverged, or without a winner to their search
  std::size_t quarantined = 0;
  std::vector<TrialStatus> trials;    // in the plan's order
  double progress = 0;                // share of the study's FLOPs, 0 to 1
  std::optional<double> eta_seconds;  // absent while no rank reports a speed
  double flops_per_second = 0;        // of all ranks together
  double tokens_per_second = 0;       // likewise
  std::vector<RankReport> ranks;      // that live (rank_pulse.h)
};

// InputError naming the file where one of the study's files is damaged.
StudyStatus study_status(const StudyFolder& folder, const StudyPlan& plan);

}  // namespace isoloss
