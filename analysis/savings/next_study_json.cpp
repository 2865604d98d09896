#include <cmath>
#include <nlohmann/json.hpp>

#include "analysis/savings/next_study.h"

namespace isoloss {

nlohmann::json to_json(const NextStudy& next) {
  const auto number = [](double value) -> nlohmann::json {
    if (std::isfinite(value)) return value;
    return nullptr;
  };
  nlohmann::json seeds = nlohmann::json::array(), runs = seeds, places = seeds;
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
  for (const NextPlace& place : next.places) {
    places.push_back({{"architecture", place.architecture},
                      {"parameters", place.parameters},
                      {"tokens", place.tokens},
                      {"flops", place.flops},
                      {"new_size", place.new_size},
                      {"new_budget", place.new_budget},
                      {"beyond", place.beyond},
                      {"evaluations", place.evaluations},
                      {"shrinks", number(place.shrinks)},
                      {"growth_shrinks", number(place.growth_shrinks)},
                      {"shrinks_per_exaflop", number(place.shrinks_per_exaflop)}});
  }
  return {{"percent", next.percent},
          {"loss", next.loss},
          {"half_width", number(next.half_width)},
          {"resolved_percent", number(next.resolved_percent)},
          {"seeds", seeds},
          {"runs", runs},
          {"places", places}};
}

}  // namespace isoloss
