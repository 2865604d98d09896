#include "analysis/report/report_crossing.h"

#include <algorithm>
#include <cmath>
#include <map>
#include <set>
#include <tuple>

#include "analysis/fit/frontier_curve.h"

namespace isoloss {
namespace {

// Parameters of two models of one size, the larger over the smaller, at most.
constexpr double kOneModel = 1.5;

double or_zero(double value) { return std::isnan(value) ? 0 : value; }

bool is_of(const Point& p, const std::string& architecture, const std::string& size,
           std::int64_t seed) {
  return p.architecture == architecture && p.size == size && p.seed == seed && is_result(p);
}

// Different parameters that points of that label say.
std::vector<double> models_of(const PointTable& results, const std::string& architecture,
                              const std::string& size, std::int64_t seed) {
  std::set<double> models;
  for (const Point& p : results.points) {
    if (is_of(p, architecture, size, seed) && p.parameters > 0) models.insert(p.parameters);
  }
  return {models.begin(), models.end()};
}

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
                                  const std::string& size, std::int64_t seed, double parameters) {
  const std::vector<double> models = models_of(results, architecture, size, seed);
  double model = std::nan("");  // any
  if (std::isfinite(parameters) && !models.empty()) {
    const auto apart = [&](double one) { return std::abs(std::log(one / parameters)); };
    model = *std::min_element(models.begin(), models.end(),
                              [&](double a, double b) { return apart(a) < apart(b); });
    if (models.size() > 1 && apart(model) > std::log(kOneModel)) return {};
  }
  std::map<std::tuple<double, double, std::string>, std::vector<Point>> runs;
  for (const Point& p : results.points) {
    if (!is_of(p, architecture, size, seed)) continue;
    if (std::isfinite(model) && p.parameters != model) continue;
    runs[{or_zero(p.parameters), or_zero(p.learning_rate), p.run}].push_back(p);
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
  using Place = std::tuple<std::string, std::int64_t, double>;
  std::vector<Place> places;
  for (const Point& p : results.points) {
    if (p.architecture != baseline || p.size.empty() || !is_result(p)) continue;
    const Place place{p.size, p.seed, or_zero(p.parameters)};
    if (std::find(places.begin(), places.end(), place) == places.end()) places.push_back(place);
  }
  std::stable_sort(places.begin(), places.end(), [](const Place& a, const Place& b) {
    return std::pair(std::get<2>(a), std::get<1>(a)) < std::pair(std::get<2>(b), std::get<1>(b));
  });
  std::vector<Crossing> out;
  for (const auto& [size, seed, known] : places) {
    const double parameters = known > 0 ? known : std::nan("");
    const std::vector<Point> base = crossing_curve(results, baseline, size, seed, parameters);
    const std::vector<Point> other = crossing_curve(results, candidate, size, seed, parameters);
    if (base.size() < 2 || other.empty()) continue;  // one evaluation is no learning curve
    Crossing crossing{baseline,         candidate,         size, seed, parameters,
                      base.back().loss, base.back().flops, {},   {},   ""};
    set_speedup(other, crossing);
    out.push_back(std::move(crossing));
  }
  return out;
}

}  // namespace isoloss
