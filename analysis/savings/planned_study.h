// A comparison's trials as they would be with more seeds: what next_study.h weighs.
#pragma once
#include <cstdint>
#include <set>
#include <vector>

#include "analysis/fit/seed_noise.h"
#include "analysis/savings/savings.h"

namespace isoloss {

struct PlannedStudy {
  std::vector<Point> baseline, candidate;
  double added_flops = 0;
  int added_runs = 0;

  std::vector<Point> trials() const {
    std::vector<Point> all = baseline;
    all.insert(all.end(), candidate.begin(), candidate.end());
    return all;
  }
};

// The runs of one place, each with its evaluations.
struct SeedsOfSize {
  SeedFamily place;
  bool of_candidate = false;
  std::vector<std::vector<Point>> runs;
  std::int64_t next = 0;  // a seed not used yet
};

// Of the trials as they are, the baseline's first.
std::vector<SeedsOfSize> seeds_by_size(const PlannedStudy& study);

// One more seed of a size, at the losses that the size has on average.
void add_seed(const SeedsOfSize& place, std::int64_t seed, PlannedStudy& study);

// Sizes that are best at a budget, or beside one that is.
std::set<SeedFamily> sizes_near_optimum(const PlannedStudy& study, const SavingsOptions& options);

}  // namespace isoloss
