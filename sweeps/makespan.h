// When each piece of a study is trained, by which ranks: the rule by which blocks of ranks take
// work (sweeps/rank_blocks.h), run on times that somebody predicts.
#pragma once
#include <functional>
#include <span>
#include <vector>

#include "sweeps/rank_blocks.h"
#include "sweeps/work_graph.h"

namespace isoloss {

struct ScheduledItem {
  std::size_t node = 0;  // of the graph
  RankBlock block;
  double begins = 0, ends = 0;  // seconds
};

struct StudySchedule {
  std::vector<ScheduledItem> items;  // by their beginning
  double seconds = 0;                // until all have ended
};

// `ranks` ranks in blocks of `unit` or more train the graph; runs[r] says who may train run r.
// seconds_of(item, block ranks) is what an item takes.
StudySchedule schedule_work(std::span<const WorkNode> graph, int ranks, int unit,
                            std::span<const RunRanks> runs,
                            const std::function<double(const WorkItem&, int)>& seconds_of);

}  // namespace isoloss
