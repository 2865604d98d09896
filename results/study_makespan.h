// How long a study was predicted to take when it was begun, and how long the starts that trained it
// took together: makespan.json, for reports. Nothing else rests on it.
#pragma once
#include <cstdint>
#include <optional>

#include "results/study_folder.h"

namespace isoloss {

struct StudyMakespan {
  std::int64_t ranks = 1;
  double predicted_seconds = 0, lowest_seconds = 0, highest_seconds = 0;
  std::int64_t starts = 1;  // of jobs on this folder until it was trained
  double flops = 0;         // of the plan, exact; 0: unknown (an earlier version's)
  // Of training by the starts before the last, and by that as far as it has said so.
  double earlier_seconds = 0, latest_seconds = 0;
  // Each start had the first one's plan and ranks, and none trained beside another.
  bool comparable = true;
  // Of all of them together, where everything is trained and they are comparable.
  std::optional<double> seconds = {};

  bool operator==(const StudyMakespan&) const = default;
};

// Absent where nobody wrote one (earlier versions, a folder that was merged). InputError naming
// the file where it is damaged.
std::optional<StudyMakespan> read_study_makespan(const StudyFolder& folder);

// Replaces it. WorkError as of write_durably.
void write_study_makespan(const StudyFolder& folder, const StudyMakespan& makespan);

}  // namespace isoloss
