// What another seed changed, place by place: the report's table of seed noise.
#pragma once
#include <string>
#include <vector>

namespace isoloss {

struct StudyResults;

// Runs that differ in seed alone, at one budget.
struct Replicates {
  std::string architecture, size, budget_unit;
  double parameters = 0;
  double budget = 0;  // nominal, or the FLOPs where the points name none
  double learning_rate = 0;
  std::vector<double> losses;
  double mean = 0, deviation = 0;  // sample standard deviation, nats
  double compute_share = 0;        // the deviation as a share of compute; NaN where not known
};

// Of the study's results and frontiers; by architecture, size, budget and learning rate.
std::vector<Replicates> replicates_of(const StudyResults& study);

}  // namespace isoloss
