// How long a study was predicted to take when it was begun, and how long it took where the start
// that began it also ended it: makespan.json, for reports. Nothing else rests on it.
#pragma once
#include <cstdint>
#include <optional>

#include "results/study_folder.h"

namespace isoloss {

struct StudyMakespan {
  std::int64_t ranks = 1;
  double predicted_seconds = 0, lowest_seconds = 0, highest_seconds = 0;
  std::int64_t starts = 1;  // of jobs on this folder so far
  // From the beginning of training to its end, where one start did all of it.
  std::optional<double> seconds = {};

  bool operator==(const StudyMakespan&) const = default;
};

// Absent where nobody wrote one (earlier versions, a folder that was merged). InputError naming
// the file where it is damaged.
std::optional<StudyMakespan> read_study_makespan(const StudyFolder& folder);

// Replaces it. WorkError as of write_durably.
void write_study_makespan(const StudyFolder& folder, const StudyMakespan& makespan);

}  // namespace isoloss
