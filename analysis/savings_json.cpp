#include <cmath>
#include <nlohmann/json.hpp>

#include "analysis/savings.h"

namespace isoloss {
namespace {

nlohmann::json json_of(const std::optional<Interval>& interval) {
  if (!interval) return nullptr;
  return {interval->first, interval->second};
}

nlohmann::json number(double value) {
  if (std::isfinite(value)) return value;
  return nullptr;
}

}  // namespace

nlohmann::json to_json(const Savings& savings) {
  nlohmann::json fits = nlohmann::json::object(), parallel, law, at = nlohmann::json::array();
  if (savings.baseline_fit) fits[savings.baseline] = to_json(*savings.baseline_fit);
  if (savings.candidate_fit) fits[savings.candidate] = to_json(*savings.candidate_fit);
  if (savings.parallel) {
    parallel = {{"k", savings.parallel->k},
                {"savings", number(savings.parallel->savings)},
                {"interval", json_of(savings.parallel->interval)},
                {"slope_equality_p", number(savings.parallel->slope_equality_p)}};
  }
  if (savings.law) {
    law = {{"coefficient", number(savings.law->coefficient)},
           {"exponent", number(savings.law->exponent)},
           {"E", savings.law->floor},
           {"interval", json_of(savings.law->interval)},
           {"per_decade", number(savings.law->per_decade)},
           {"per_decade_interval", json_of(savings.law->per_decade_interval)}};
  }
  for (const SavingsAt& here : savings.at) {
    at.push_back({{"loss", here.loss},
                  {"savings", number(here.savings)},
                  {"interval", json_of(here.interval)},
                  {"extrapolated", here.extrapolated}});
  }
  const SeedNoise& noise = savings.seed_noise;
  return {
      {"baseline", savings.baseline},
      {"candidate", savings.candidate},
      {"floor", savings.floor},
      {"frontier", name_of(savings.frontier)},
      {"frontier_reason", savings.baseline_frontier.reason},
      {"fits", fits},
      {"parallel", parallel},
      {"law", law},
      {"at", at},
      {"frontier_overlap", {savings.overlap.first, savings.overlap.second}},
      {"seed_noise",
       {{"measured", noise.measured},
        {"deviation", noise.deviation},
        {"replicates", noise.replicates},
        {"degrees", noise.degrees}}},
      {"held_out_error", savings.held_out_error},
      {"bootstrap",
       {{"resamples", savings.draws}, {"failed", savings.failed_draws}, {"seed", savings.seed}}},
      {"flags", savings.flags},
      {"verdict", savings.verdict}};
}

}  // namespace isoloss
