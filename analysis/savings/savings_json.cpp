#include <nlohmann/json.hpp>

#include "analysis/numbers/json_number.h"
#include "analysis/savings/savings.h"
#include "analysis/savings/slope_and_floor_tests.h"

namespace isoloss {
namespace {

nlohmann::json json_of(const std::vector<SavingsAt>& places) {
  nlohmann::json all = nlohmann::json::array();
  for (const SavingsAt& here : places) {
    all.push_back({{"loss", here.loss},
                   {"savings", json_number(here.savings)},
                   {"interval", json_interval(here.interval)},
                   {"extrapolated", here.extrapolated},
                   {"by_law", json_number(here.by_law)},
                   {"by_law_interval", json_interval(here.by_law_interval)},
                   {"baseline_compute", json_number(here.baseline_compute)},
                   {"candidate_compute", json_number(here.candidate_compute)}});
  }
  return all;
}

nlohmann::json json_of(SavingsTest test) {
  if (test == SavingsTest::None) return nullptr;
  return test == SavingsTest::FromDraws ? "draws" : "F";
}

nlohmann::json json_of(const ParallelSavings& parallel) {
  return {{"k", parallel.k},
          {"E", parallel.floor},
          {"savings", json_number(parallel.savings)},
          {"interval", json_interval(parallel.interval)},
          {"lack_of_fit_interval", json_interval(parallel.lack_of_fit_interval)},
          {"lack_of_fit_of", parallel.scatter_of_trials ? "trials" : "lines"},
          {"slope_equality_p", json_number(parallel.slope_equality_p)},
          {"slope_equality_bootstrap_p", json_number(parallel.slope_equality_bootstrap_p)},
          {"slope_test", json_of(slope_test(parallel))},
          {"absolute_coefficient", json_number(parallel.absolute_coefficient)}};
}

nlohmann::json json_of(const Frontier& frontier) {
  nlohmann::json points = nlohmann::json::array();
  for (const FrontierPoint& p : frontier.points) {
    points.push_back({{"budget", json_number(p.budget)},
                      {"compute", json_number(p.flops)},
                      {"loss", json_number(p.loss)},
                      {"optimal_parameters", json_number(p.optimal_parameters)},
                      {"near_optimal_parameters", json_interval(p.near_optimal)},
                      {"used", p.used},
                      {"why_not", p.why_not}});
  }
  return points;
}

}  // namespace

nlohmann::json to_json(const Savings& savings) {
  nlohmann::json fits = nlohmann::json::object(), parallel, law, floors, growth;
  if (savings.baseline_fit) fits[savings.baseline] = to_json(*savings.baseline_fit);
  if (savings.candidate_fit) fits[savings.candidate] = to_json(*savings.candidate_fit);
  if (savings.parallel) parallel = json_of(*savings.parallel);
  if (savings.law) {
    law = {{"coefficient", json_number(savings.law->coefficient)},
           {"exponent", json_number(savings.law->exponent)},
           {"E", savings.law->floor},
           {"interval", json_interval(savings.law->interval)},
           {"per_decade", json_number(savings.law->per_decade)},
           {"per_decade_interval", json_interval(savings.law->per_decade_interval)}};
  }
  if (savings.floors) {
    floors = {{savings.baseline, savings.floors->baseline},
              {savings.candidate, savings.floors->candidate},
              {"floor_equality_p", json_number(savings.floors->p)},
              {"floor_equality_bootstrap_p", json_number(savings.floors->bootstrap_p)},
              {"floor_test", json_of(floor_test(*savings.floors))}};
  }
  if (savings.growth) {
    const double ratio = savings.growth->ratio;
    growth = {{"ratio", json_number(ratio)},
              {"sign", ratio > 1   ? 1
                       : ratio < 1 ? -1
                                   : 0},
              {"interval", json_interval(savings.growth->interval)},
              {"p", json_number(savings.growth->p)},
              {"resolved", savings.growth_resolved}};
  }
  const SeedNoise& noise = savings.seed_noise;
  return {
      {"baseline", savings.baseline},
      {"candidate", savings.candidate},
      {"floor", savings.floor.name},
      {"floor_assumed", savings.floor_assumed},
      {"floors", floors},
      {"frontier", name_of(savings.frontier)},
      {"frontier_reason", savings.baseline_frontier.reason},
      {"frontiers",
       {{savings.baseline, json_of(savings.baseline_frontier)},
        {savings.candidate, json_of(savings.candidate_frontier)}}},
      {"fits", fits},
      {"parallel", parallel},
      {"law", law},
      {"growth", growth},
      {"at", json_of(savings.at)},
      {"curve", json_of(savings.curve)},
      {"by_compute", json_of(savings.by_compute)},
      {"frontier_overlap", {savings.overlap.first, savings.overlap.second}},
      {"seed_noise",
       {{"measured", noise.measured},
        {"deviation", noise.deviation},
        {"replicates", noise.replicates},
        {"degrees", noise.degrees}}},
      {"held_out_error", savings.held_out_error},
      {"bootstrap",
       {{"kind", name_of(savings.draws > 0 ? DrawKind::Noise : DrawKind::None)},
        {"resamples", savings.draws},
        {"failed", savings.failed_draws},
        {"seed", savings.seed}}},
      {"interval_kind", name_of(savings.draws > 0 ? IntervalKind::NoiseDraws : IntervalKind::None)},
      {"uncertainty", savings.uncertainty},
      {"flags", savings.flags},
      {"verdict", savings.verdict}};
}

}  // namespace isoloss
