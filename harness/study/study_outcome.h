// How a study stands once nobody trains any more, as the program's exit status says it.
#pragma once
#include <span>
#include <string>
#include <vector>

#include "results/study_folder.h"
#include "sweeps/plan.h"
#include "sweeps/schedule.h"

namespace isoloss {

// Exit statuses of the program (docs/reliability.md).
inline constexpr int kExitDone = 0;
inline constexpr int kExitFailed = 1;
inline constexpr int kExitBadInput = 2;
inline constexpr int kExitStopped = 3;

struct StudyOutcome {
  int status = kExitDone;             // 0 done, 1 some trial failed, 3 something is left to train
  std::vector<std::string> failures;  // one line for each trial that failed
};

StudyOutcome study_outcome(const StudyPlan& plan, std::span<const RunProgress> progress,
                           std::span<const SearchDecision> decisions);

// Says the failures and, where something is left, how to go on, on standard error.
void report_outcome(const StudyOutcome& outcome, const StudyFolder& folder);

}  // namespace isoloss
