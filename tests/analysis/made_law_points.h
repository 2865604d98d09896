// Points that lie on a law exactly, for tests that find its parameters again or bound their fit.
#pragma once
#include <cmath>
#include <map>
#include <string>

#include "analysis/laws/law.h"
#include "analysis/points/points.h"

namespace isoloss {

// Of each law; in the range of published ones.
inline const std::map<std::string, std::map<std::string, double>> kTrueParameters = {
    {"power", {{"a", 40}, {"b", .2}, {"E", 1.75}}},
    {"chinchilla", {{"A", 480}, {"B", 2100}, {"E", 1.8}, {"alpha", .35}, {"beta", .37}}},
    {"gamma", {{"A", 300}, {"B", 900}, {"E", 1.6}, {"alpha", .4}, {"beta", .45}, {"gamma", .7}}},
    {"kaplan", {{"lnNc", 30}, {"lnDc", 31}, {"alphaN", .08}, {"alphaD", .1}}},
    {"overtraining", {{"a", 70}, {"b", 55}, {"E", 1.4}, {"eta", .13}}},
    {"data_constrained",
     {{"A", 520},
      {"B", 1490},
      {"E", 1.87},
      {"alpha", .35},
      {"beta", .35},
      {"R_N", 5.3},
      {"R_D", 15.4}}},
    {"surface", {{"A", 90}, {"k", .1}, {"E", 1.6}, {"kappa", .03}, {"a", .5}, {"g", -3}}}};

// N from 2e6 and D from 3e7 in such steps, N first; all but each `unlimited`-th point repeat 2e7
// unique tokens.
struct MadeGrid {
  int points = 0, sizes = 0;
  double parameters_step = 0, tokens_step = 0;
  int unlimited = 1;
};

inline LawData exact_points(const Law& law, const MadeGrid& grid) {
  PointTable table;
  table.source = "made";
  table.other_columns = {"unique_tokens"};
  for (int i = 0; i < grid.points; ++i) {
    Point p;
    p.architecture = "t";
    p.parameters = 2e6 * std::pow(grid.parameters_step, i % grid.sizes);
    p.tokens = 3e7 * std::pow(grid.tokens_step, i / grid.sizes);
    p.flops = 6 * p.parameters * p.tokens;
    p.other = {i % grid.unlimited ? "2e7" : "1e11"};
    p.loss = 1;
    table.points.push_back(p);
  }
  LawData data = law_data(law, table, table.points, {});
  LawData raw = data;
  raw.z.rowwise() += data.centre.transpose();
  raw.centre.setZero();
  data.loss = predict(law, raw, state_of(law, kTrueParameters.at(law.name)));
  data.log_loss = data.loss.log();
  return data;
}

}  // namespace isoloss
