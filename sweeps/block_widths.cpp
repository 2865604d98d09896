#include "sweeps/block_widths.h"

#include <algorithm>
#include <map>
#include <string>

namespace isoloss {
namespace {

// What decides memory and time of a step: seeds, rates and lengths do not.
std::string shape_of(RunSpec spec) {
  spec.seed = 0;
  spec.optimizer.learning_rate = 0;
  spec.optimizer.horizon = 0;
  spec.data = {};
  spec.evaluation = {};
  return canonical_json(spec);
}

}  // namespace

BlockWidths::BlockWidths(const StudyPlan& plan, const PlanRanks& ranks, const DeviceRate& rate)
    : unit_(asked_layout(plan).ranks()) {
  const int block = whole_blocks(std::max(ranks.ranks, unit_), unit_).front().ranks;
  const int widest = ranks.sharing > 0 ? std::clamp(ranks.sharing, unit_, block) : block;
  for (int width = unit_; width <= widest; width *= 2) ++levels_;
  std::map<std::string, std::size_t> known;
  for (const PlannedRun& run : plan.runs) {
    const auto [shape, fresh] = known.try_emplace(shape_of(run.spec), shapes_.size());
    if (fresh) shapes_.push_back(of_shape(run.spec, asked_layout(plan), ranks, rate));
    shape_of_run_.push_back(shape->second);
  }
}

std::size_t BlockWidths::level_of(int ranks) const {
  std::size_t level = 0;
  while (ranks_of(level) < ranks) ++level;
  return level;
}

std::vector<std::optional<BlockWidths::Width>> BlockWidths::of_shape(const RunSpec& spec,
                                                                     const RankLayout& asked,
                                                                     const PlanRanks& ranks,
                                                                     const DeviceRate& rate) {
  std::vector<std::optional<Width>> widths;
  bool any = false;
  for (std::size_t level = 0; level < levels_; ++level) {
    const auto layout = layout_on(spec, ranks_of(level), ranks.bytes_per_rank, rate);
    widths.push_back(layout ? std::optional<Width>({*layout, step_seconds(spec, *layout, rate)})
                            : std::nullopt);
    any = any || layout;
  }
  if (!any) widths[0] = Width{asked, step_seconds(spec, asked, rate)};
  held_ = held_ && any;
  return widths;
}

}  // namespace isoloss
