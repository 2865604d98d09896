// How far a study is, from its files alone: trials by state, failures with their reason, progress
// and the time left at the speed that its ranks report. Needs no LibTorch.
#pragma once
#include <cstddef>
#include <optional>
#include <string>
#include <vector>

#include "harness/progress/rank_report.h"
#include "results/study_folder.h"
#include "sweeps/plan.h"

namespace isoloss {

struct TrialFailure {
  std::string trial;
  int attempts = 0;
  std::string reason;
};

struct StudyStatus {
  std::size_t done = 0;
  std::size_t running = 0;  // waiting trials whose run is being trained now
  std::size_t waiting = 0;
  std::size_t failed = 0;  // diverged, or without a winner to their search
  std::size_t quarantined = 0;
  std::vector<TrialFailure> failures;
  double progress = 0;                // share of the study's FLOPs, 0 to 1
  std::optional<double> eta_seconds;  // absent while no rank reports a speed
  double flops_per_second = 0;        // of all ranks together
  std::vector<RankReport> ranks;      // those that wrote within half a minute
};

// InputError naming the file where one of the study's files is damaged.
StudyStatus study_status(const StudyFolder& folder, const StudyPlan& plan);

}  // namespace isoloss
