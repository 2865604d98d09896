// The words of the progress display.
#pragma once
#include <cstddef>
#include <optional>
#include <string>

#include "harness/progress/rank_report.h"

namespace isoloss {

// "45 s", "12 min", "3 h 20 min".
std::string duration_text(double seconds);

// "rank 1  primer-ez s  seed 0  lr 0.05  step 120/800  15.2k tokens/s  loss 1.823"; a rank without
// work "rank 1  waiting".
std::string rank_line(const RankReport& report);

struct StudyTally {
  std::size_t trials_done = 0;
  std::size_t trials_failed = 0;
  std::size_t trials = 0;
  double done_flops = 0;  // steps since the last checkpoint among them
  double total_flops = 0;
  double flops_per_second = 0;  // of all ranks that train now

  // FLOPs left over the measured speed; absent while nothing is measured.
  std::optional<double> eta_seconds() const {
    if (!(flops_per_second > 0)) return std::nullopt;
    return total_flops > done_flops ? (total_flops - done_flops) / flops_per_second : 0;
  }
};

// "12 of 60 trials  42 %  1.3e+11 FLOP/s  about 12 min left".
std::string tally_line(const StudyTally& tally);

}  // namespace isoloss
