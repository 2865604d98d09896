#include "analysis/scores/inference_cost.h"

#include <fmt/format.h>

#include <algorithm>
#include <cmath>
#include <iterator>
#include <map>
#include <tuple>
#include <utility>

namespace isoloss {
namespace {

struct Measured {
  InferencePoint point;
  std::string machine;
};

const Evaluation* evaluation_of(const RunRecord& run, const Point& point) {
  for (const Evaluation& evaluation : run.evaluations)
    if (evaluation.budget == point.budget && evaluation.budget_unit == point.budget_unit)
      return &evaluation;
  return nullptr;
}

std::vector<Measured> measured_points(const PointTable& results) {
  std::map<std::string, const RunRecord*> runs;
  for (const RunRecord& run : results.runs) runs[run.header.id] = &run;
  std::vector<Measured> all;
  for (const std::string& architecture : architectures_of(results))
    for (const Point& point : results.points) {
      const auto run = runs.find(point.run);
      if (point.architecture != architecture || run == runs.end()) continue;
      const RunHeader& header = run->second->header;
      const Evaluation* evaluation = evaluation_of(*run->second, point);
      if (evaluation == nullptr || !(evaluation->forward_seconds > 0)) continue;
      all.push_back({{architecture, point.size, point.seed, point.parameters,
                      std::isnan(point.budget) ? point.flops : point.budget, point.flops,
                      point.loss, evaluation->forward_seconds},
                     fmt::format("{}, {} thread{}", header.machine, header.threads,
                                 header.threads == 1 ? "" : "s")});
    }
  return all;
}

std::string commonest_machine(const std::vector<Measured>& all) {
  std::map<std::string, std::size_t> counts;
  for (const Measured& one : all) ++counts[one.machine];
  const auto most = std::ranges::max_element(counts, {}, [](const auto& at) { return at.second; });
  return most == counts.end() ? "" : most->first;
}

double median(std::vector<double> values) {
  std::ranges::sort(values);
  const std::size_t middle = values.size() / 2;
  return values.size() % 2 == 1 ? values[middle] : (values[middle - 1] + values[middle]) / 2;
}

}  // namespace

InferenceCosts inference_costs(const PointTable& results) {
  std::vector<Measured> all = measured_points(results);
  InferenceCosts costs;
  costs.machine = commonest_machine(all);
  // Training doesn't change what a shape costs.
  using Shape = std::tuple<std::string, std::string, double>;
  std::map<Shape, std::vector<double>> seconds;
  for (Measured& one : all) {
    if (one.machine != costs.machine) {
      ++costs.left_out;
      continue;
    }
    const InferencePoint& point = one.point;
    seconds[{point.architecture, point.size, point.parameters}].push_back(point.seconds);
    costs.points.push_back(std::move(one.point));
  }
  for (InferencePoint& point : costs.points)
    point.seconds = median(seconds.at({point.architecture, point.size, point.parameters}));
  return costs;
}

std::vector<InferencePoint> best_for_their_time(const InferenceCosts& costs,
                                                const std::string& architecture) {
  std::vector<InferencePoint> mine;
  std::ranges::copy_if(costs.points, std::back_inserter(mine), [&](const InferencePoint& point) {
    return point.architecture == architecture;
  });
  std::ranges::stable_sort(mine, [](const InferencePoint& a, const InferencePoint& b) {
    return std::pair(a.seconds, a.loss) < std::pair(b.seconds, b.loss);
  });
  std::vector<InferencePoint> best;
  for (InferencePoint& point : mine)
    if (best.empty() || point.loss < best.back().loss) best.push_back(std::move(point));
  return best;
}

std::optional<double> forward_seconds_at(const std::vector<InferencePoint>& curve, double loss) {
  if (!curve.empty() && loss == curve.back().loss) return curve.back().seconds;
  for (std::size_t i = 0; i + 1 < curve.size(); ++i) {
    const InferencePoint &slow = curve[i + 1], &quick = curve[i];
    if (loss > quick.loss || loss < slow.loss) continue;
    const double share = std::log(quick.loss / loss) / std::log(quick.loss / slow.loss);
    return quick.seconds * std::pow(slow.seconds / quick.seconds, share);
  }
  return std::nullopt;
}

std::vector<CostAtLoss> costs_at_equal_loss(const std::vector<InferencePoint>& baseline,
                                            const std::vector<InferencePoint>& candidate) {
  if (baseline.empty() || candidate.empty()) return {};
  const double high = std::min(baseline.front().loss, candidate.front().loss);
  const double low = std::max(baseline.back().loss, candidate.back().loss);
  std::vector<double> losses = {low};
  if (high > low) losses = {high, std::sqrt(high * low), low};
  std::vector<CostAtLoss> costs;
  for (const double loss : losses) {
    const auto base = forward_seconds_at(baseline, loss), its = forward_seconds_at(candidate, loss);
    costs.push_back({loss, base.value_or(baseline.front().seconds),
                     its.value_or(candidate.front().seconds), !base, !its});
  }
  return costs;
}

}  // namespace isoloss
