// How long a study takes beside what was predicted as it was begun, for reports
// (results/study_makespan.h). A file that cannot be read or written is left out: training goes on.
#pragma once
#include <chrono>
#include <condition_variable>
#include <cstdint>
#include <mutex>
#include <thread>

#include "results/study_folder.h"
#include "sweeps/plan.h"
#include "sweeps/predicted.h"

namespace isoloss {

// Before a job trains: writes the prediction where nobody has trained the folder and the plan is of
// the `whole` study, else counts one more start, after which nothing is compared where it trains a
// part (--only). Its number; 0 where nothing is to be noted, as of a study that is trained already.
std::int64_t note_start(const StudyFolder& folder, const StudyPlan& plan, const Predicted& makespan,
                        int ranks, bool whole);

// Of the rank that notes for its job: how long the job trains, every so often, so that one that is
// killed loses no more, and at its own end.
class StudyClock {
 public:
  // `start` as note_start gave it.
  StudyClock(const StudyFolder& folder, std::int64_t start,
             std::chrono::milliseconds note_every = std::chrono::seconds(10));
  ~StudyClock();
  StudyClock(const StudyClock&) = delete;
  StudyClock& operator=(const StudyClock&) = delete;

  // Everything is trained: notes how long all starts took, for good.
  void note_end();

 private:
  // False where there is nothing to note any more.
  bool note(bool over);

  StudyFolder folder_;
  std::int64_t start_;
  std::chrono::steady_clock::time_point began_ = std::chrono::steady_clock::now();
  bool ending_ = false;
  std::mutex mutex_;
  std::condition_variable ended_;
  std::thread noting_;
};

}  // namespace isoloss
