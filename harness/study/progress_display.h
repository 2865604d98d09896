// Shows on standard error what all ranks of a study do, from its files, in a thread of its own:
// where it is a terminal one line for each rank that moves and one for the whole, drawn anew twice
// a second; elsewhere a plain line every ten seconds and when a trial ends.
#pragma once
#include <condition_variable>
#include <mutex>
#include <thread>

#include "results/study_folder.h"
#include "sweeps/plan.h"

namespace isoloss {

class ProgressDisplay {
 public:
  ProgressDisplay(StudyFolder folder, StudyPlan plan);
  ~ProgressDisplay();  // draws the last state
  ProgressDisplay(const ProgressDisplay&) = delete;
  ProgressDisplay& operator=(const ProgressDisplay&) = delete;

 private:
  void show();

  StudyFolder folder_;
  StudyPlan plan_;
  bool ending_ = false;
  std::mutex mutex_;
  std::condition_variable ended_;
  std::thread showing_;
};

}  // namespace isoloss
