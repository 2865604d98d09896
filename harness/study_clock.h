// How long a study takes beside what was predicted as it was begun, for reports
// (results/study_makespan.h). A file that cannot be read or written is left out: training goes on.
#pragma once
#include <chrono>

#include "results/study_folder.h"
#include "sweeps/predicted.h"

namespace isoloss {

// Of rank 0, before it trains: writes the prediction where nobody has trained the folder, else
// counts one more start. Whether this job begins the study.
bool note_start(const StudyFolder& folder, const Predicted& makespan, int ranks);

// Runs from its making.
class StudyClock {
 public:
  // Everything is trained: writes how long it took where no other job was started on the folder and
  // no other rank of this one has said it.
  void note_end(const StudyFolder& folder) const;

 private:
  std::chrono::steady_clock::time_point began_ = std::chrono::steady_clock::now();
};

}  // namespace isoloss
