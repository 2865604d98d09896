#include <cmath>
#include <nlohmann/json.hpp>

#include "analysis/next_study.h"

namespace isoloss {

nlohmann::json to_json(const NextStudy& next) {
  const auto number = [](double value) -> nlohmann::json {
    if (std::isfinite(value)) return value;
    return nullptr;
  };
  nlohmann::json seeds = nlohmann::json::array(), runs = nlohmann::json::array();
  for (const SeedPlan& plan : next.seeds) {
    seeds.push_back({{"sizes", plan.sizes},
                     {"seeds", plan.seeds},
                     {"runs", plan.runs},
                     {"flops", plan.flops},
                     {"half_width", number(plan.half_width)},
                     {"resolved_percent", number(plan.resolved_percent)},
                     {"resolves", plan.resolves}});
  }
  for (const NextRun& run : next.runs) {
    runs.push_back({{"architecture", run.architecture},
                    {"size", run.size},
                    {"parameters", run.parameters},
                    {"flops", run.flops},
                    {"shrinks", number(run.shrinks)},
                    {"growth_shrinks", number(run.growth_shrinks)},
                    {"shrinks_per_exaflop", number(run.shrinks_per_exaflop)}});
  }
  return {{"percent", next.percent},
          {"loss", next.loss},
          {"half_width", number(next.half_width)},
          {"resolved_percent", number(next.resolved_percent)},
          {"seeds", seeds},
          {"runs", runs}};
}

}  // namespace isoloss
