#include "analysis/report/report_crossing.h"

#include <algorithm>
#include <cmath>
#include <map>

#include "analysis/fit/frontier_curve.h"

namespace isoloss {
namespace {

void set_speedup(const std::vector<Point>& candidate, Crossing& crossing) {
  std::vector<FrontierPoint> points;
  for (const Point& p : candidate) {
    FrontierPoint point;
    point.flops = p.flops;
    point.loss = p.loss;
    points.push_back(point);
  }
  const FrontierCurve curve(points);
  if (!curve.valid()) {
    crossing.why_not = "the candidate's run has one evaluation";
    return;
  }
  const Interval reached = curve.losses();
  if (crossing.loss < reached.first) {
    crossing.why_not = "the candidate's run does not get there";
  } else if (crossing.loss > reached.second) {
    crossing.why_not = "the candidate's run is past it at its first evaluation";
  } else {
    crossing.candidate_flops = std::exp(curve.log_compute(crossing.loss));
    crossing.speedup = crossing.baseline_flops / *crossing.candidate_flops;
  }
}

}  // namespace

std::vector<Point> crossing_curve(const PointTable& results, const std::string& architecture,
                                  const std::string& size, std::int64_t seed) {
  std::map<std::pair<double, std::string>, std::vector<Point>> runs;
  for (const Point& p : results.points) {
    if (p.architecture != architecture || p.size != size || p.seed != seed) continue;
    if (!is_result(p)) continue;
    runs[{std::isnan(p.learning_rate) ? 0 : p.learning_rate, p.run}].push_back(p);
  }
  std::vector<Point> best;
  for (auto& [key, points] : runs) {
    std::sort(points.begin(), points.end(),
              [](const Point& a, const Point& b) { return a.flops < b.flops; });
    if (best.empty() || points.back().loss < best.back().loss) best = points;
  }
  return best;
}

std::vector<Crossing> crossings(const PointTable& results, const std::string& baseline,
                                const std::string& candidate) {
  std::vector<std::pair<std::string, std::int64_t>> places;
  for (const Point& p : results.points) {
    const std::pair place{p.size, p.seed};
    if (p.architecture != baseline || p.size.empty() || !is_result(p)) continue;
    if (std::find(places.begin(), places.end(), place) == places.end()) places.push_back(place);
  }
  std::stable_sort(places.begin(), places.end(), [&](const auto& a, const auto& b) {
    const auto parameters = [&](const auto& place) {
      return crossing_curve(results, baseline, place.first, place.second).front().parameters;
    };
    const double first = parameters(a), second = parameters(b);
    return first != second ? first < second : a.second < b.second;
  });
  std::vector<Crossing> out;
  for (const auto& [size, seed] : places) {
    const std::vector<Point> base = crossing_curve(results, baseline, size, seed);
    const std::vector<Point> other = crossing_curve(results, candidate, size, seed);
    if (base.size() < 2 || other.empty()) continue;  // one evaluation is no learning curve
    Crossing crossing{baseline,          candidate, size, seed, base.back().loss,
                      base.back().flops, {},        {},   ""};
    set_speedup(other, crossing);
    out.push_back(std::move(crossing));
  }
  return out;
}

}  // namespace isoloss
