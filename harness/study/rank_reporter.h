// Writes this process's report (rank_report.h) while it trains.
#pragma once
#include <chrono>
#include <cstdint>
#include <filesystem>

#include "harness/progress/rank_report.h"
#include "results/study_folder.h"

namespace isoloss {

class RankReporter {
 public:
  // The file is ranks/HOST-PID.json: two jobs on one folder do not meet.
  RankReporter(const StudyFolder& folder, std::int64_t rank);
  ~RankReporter();  // removes the file
  RankReporter(const RankReporter&) = delete;
  RankReporter& operator=(const RankReporter&) = delete;

  // Begins a work item at `report`; time spent before it does not count.
  void begin(RankReport report);
  // After a step: writes twice a second at most. A report that cannot be written is left out.
  void step(std::int64_t step, double loss, double tokens_per_step, double flops_per_step);
  void idle();

 private:
  void write();

  std::filesystem::path path_;
  RankReport report_;
  double tokens_ = 0;
  std::chrono::steady_clock::time_point began_;
  std::chrono::steady_clock::time_point written_;
};

}  // namespace isoloss
