// What a block of each width would do with each run of a study: how it lays the run out and how
// long a step takes. Widths are what the study asks for, doubled up to the job's widest block.
#pragma once
#include <cstddef>
#include <optional>
#include <vector>

#include "sweeps/layout.h"
#include "sweeps/plan.h"
#include "sweeps/run_ranks.h"

namespace isoloss {

class BlockWidths {
 public:
  struct Width {
    RankLayout layout;
    double step_seconds = 0;
  };

  BlockWidths(const StudyPlan& plan, const PlanRanks& ranks, const DeviceRate& rate);

  int unit() const { return unit_; }
  std::size_t levels() const { return levels_; }
  int ranks_of(std::size_t level) const { return unit_ << level; }
  // The first level of at least so many ranks.
  std::size_t level_of(int ranks) const;
  // Absent where it does not divide, or memory does not hold it.
  const std::optional<Width>& at(std::size_t run, std::size_t level) const {
    return shapes_[shape_of_run_[run]][level];
  }
  // Whether memory holds every run at some width; one that it does not is laid out as asked.
  bool held() const { return held_; }

 private:
  std::vector<std::optional<Width>> of_shape(const RunSpec& spec, const RankLayout& asked,
                                             const PlanRanks& ranks, const DeviceRate& rate);

  int unit_;
  std::size_t levels_ = 0;
  std::vector<std::vector<std::optional<Width>>> shapes_;
  std::vector<std::size_t> shape_of_run_;
  bool held_ = true;
};

}  // namespace isoloss
