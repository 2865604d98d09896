#include "analysis/savings/planned_study.h"

#include <fmt/format.h>

#include <algorithm>
#include <map>
#include <string>

#include "analysis/fit/budget_groups.h"

namespace isoloss {

std::vector<SeedsOfSize> seeds_by_size(const PlannedStudy& study) {
  std::vector<SeedsOfSize> places;
  for (const bool of_candidate : {false, true}) {
    for (const Point& p : of_candidate ? study.candidate : study.baseline) {
      const SeedFamily here = seed_family(p);
      auto place = std::find_if(places.begin(), places.end(),
                                [&](const SeedsOfSize& known) { return known.place == here; });
      if (place == places.end())
        place = places.insert(places.end(), SeedsOfSize{here, of_candidate, {}, 0});
      place->next = std::max(place->next, p.seed + 1);
      auto run = std::find_if(place->runs.begin(), place->runs.end(),
                              [&](const auto& members) { return members.front().seed == p.seed; });
      if (run == place->runs.end()) run = place->runs.emplace(place->runs.end());
      run->push_back(p);
    }
  }
  return places;
}

namespace {

// FLOPs of all evaluations of a seed: budgets of one run are spent once.
double flops_of(const std::vector<Point>& evaluations) {
  std::map<std::string, double> by_run;
  for (const Point& p : evaluations) by_run[p.run] = std::max(by_run[p.run], p.flops);
  double flops = 0;
  for (const auto& [run, spent] : by_run) flops += spent;
  return flops;
}

}  // namespace

void add_seed(const SeedsOfSize& place, std::int64_t seed, PlannedStudy& study) {
  const std::vector<Point>& longest =
      *std::max_element(place.runs.begin(), place.runs.end(),
                        [](const auto& a, const auto& b) { return a.size() < b.size(); });
  study.added_flops += flops_of(longest);
  ++study.added_runs;
  for (Point p : longest) {
    double sum = 0, count = 0;
    for (const std::vector<Point>& run : place.runs) {
      for (const Point& other : run) {
        if (budget_of(other) != budget_of(p)) continue;
        sum += other.loss;
        ++count;
      }
    }
    p.loss = sum / count;
    p.seed = seed;
    p.run += fmt::format(" seed {}", seed);
    (place.of_candidate ? study.candidate : study.baseline).push_back(std::move(p));
  }
}

std::set<SeedFamily> sizes_near_optimum(const PlannedStudy& study, const SavingsOptions& options) {
  std::set<SeedFamily> near;
  for (const std::vector<Point>* trials : {&study.baseline, &study.candidate}) {
    std::vector<double> losses;
    for (const Point& p : *trials) losses.push_back(p.loss);
    for (const BudgetGroup& group : budget_groups(*trials, losses, options.embeddings)) {
      const std::size_t best = best_size(group);
      const std::size_t first = best == 0 ? 0 : best - 1;
      for (std::size_t i = first; i < std::min(best + 2, group.sizes.size()); ++i) {
        near.insert(seed_family((*trials)[group.sizes[i].members.front()]));
      }
    }
  }
  return near;
}

}  // namespace isoloss
