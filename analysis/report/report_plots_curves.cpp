#include <fmt/format.h>

#include <algorithm>
#include <cmath>
#include <map>

#include "analysis/plot/number_text.h"
#include "analysis/report/report_crossing.h"
#include "analysis/report/report_plot_families.h"
#include "analysis/report/report_plot_parts.h"

namespace isoloss {
namespace {

double step_flops(const RunRecord& run) {
  for (const auto& [name, flops] : run.header.flops_per_token) {
    if (name == "exact") return flops * static_cast<double>(run.header.batch_tokens);
  }
  return std::nan("");
}

// The training loss as means over windows that widen with the step, about 150 of them: even spacing
// on a logarithmic axis, and less noise where more steps are averaged.
Series smoothed(const RunRecord& run, Series series) {
  const double each = step_flops(run);
  double end = 1, sum = 0, compute = 0;
  int count = 0;
  for (std::size_t i = 0; i < run.steps.size(); ++i) {
    if (std::isfinite(run.steps[i].loss)) {
      sum += run.steps[i].loss;
      compute += each * static_cast<double>(run.steps[i].step);
      ++count;
    }
    if (static_cast<double>(i + 1) < end && i + 1 < run.steps.size()) continue;
    end = std::max(static_cast<double>(i + 2), static_cast<double>(i + 1) * 1.05);
    if (count > 0) {
      series.x.push_back(compute / count);
      series.y.push_back(sum / count);
    }
    sum = compute = 0;
    count = 0;
  }
  return series;
}

struct CurvePlace {
  std::string size;
  std::int64_t seed = 0;
  std::vector<std::string> architectures;
};

// The size that the most architectures have runs of, of those the one with the lowest mean final
// loss; at its lowest seed that all of them have.
CurvePlace curve_place(const StudyResults& study) {
  std::map<std::pair<std::string, std::int64_t>, std::map<std::string, Point>> last;
  for (const Point& point : study.results.points) {
    if (point.size.empty()) continue;
    const auto [at, first] = last[{point.size, point.seed}].try_emplace(point.architecture, point);
    if (!first && point.flops > at->second.flops) at->second = point;
  }
  CurvePlace best;
  double best_loss = 0;
  for (const auto& [place, points] : last) {  // by size, then seed
    double loss = 0;
    for (const auto& [architecture, point] : points) loss += point.loss;
    loss /= static_cast<double>(points.size());
    const std::size_t most = best.architectures.size();
    if (points.size() < most || (points.size() == most && place.first == best.size)) continue;
    if (points.size() == most && loss >= best_loss) continue;
    best = {place.first, place.second, {}};
    for (const std::string& architecture : study.architectures) {
      if (points.contains(architecture)) best.architectures.push_back(architecture);
    }
    best_loss = loss;
  }
  return best;
}

Plot learning_curves(const StudyResults& study, const CurvePlace& place) {
  Plot plot;
  plot.name = "learning_curves";
  plot.title = "Learning curves.";
  plot.caption = fmt::format(
      "Size {}, seed {}. Lines: training loss, means over windows of about 5 % of the steps so "
      "far. "
      "Markers: held-out loss at each budget.",
      place.size, place.seed);
  plot.x = compute_axis();
  plot.y = {"loss (nats per token)", true, false, {}};
  plot.second = bits_per_byte_axis(study);
  for (const std::string& architecture : place.architectures) {
    const std::vector<Point> points =
        crossing_curve(study.results, architecture, place.size, place.seed);
    const RunRecord* run = points.empty() ? nullptr : find_run(study, points.front().run);
    if (!run) continue;
    Series train = series_of(study, architecture, SeriesKind::Lines, architecture);
    train.name = architecture + " training loss";
    train.scale = 0.6;
    Series held_out = series_of(study, architecture, SeriesKind::Points, "");
    held_out.scale = 1.2;
    for (const Point& point : points) {
      held_out.x.push_back(point.flops);
      held_out.y.push_back(point.loss);
      held_out.tips.push_back(tip_of(point));
    }
    plot.series.push_back(smoothed(*run, std::move(train)));
    plot.series.push_back(std::move(held_out));
  }
  return plot;
}

// Held-out curves of one size and seed, the baseline's last loss across them, and a ring where each
// candidate's curve passes it.
Plot crossing_plot(const StudyResults& study, const CurvePlace& place) {
  Plot plot;
  plot.name = "crossing_at_equal_loss";
  plot.title = "The crossing at equal loss.";
  plot.x = compute_axis();
  plot.y = loss_axis();
  plot.second = bits_per_byte_axis(study);
  if (std::find(place.architectures.begin(), place.architectures.end(), study.baseline) ==
      place.architectures.end()) {
    return plot;
  }
  std::string said;
  for (const std::string& architecture : place.architectures) {
    Series curve = series_of(study, architecture, SeriesKind::LinesPoints, architecture);
    for (const Point& point : crossing_curve(study.results, architecture, place.size, place.seed)) {
      curve.x.push_back(point.flops);
      curve.y.push_back(point.loss);
      curve.tips.push_back(tip_of(point));
    }
    plot.series.push_back(std::move(curve));
    if (architecture == study.baseline) continue;
    for (const Crossing& crossing : crossings(study.results, study.baseline, architecture)) {
      if (crossing.size != place.size || crossing.seed != place.seed) continue;
      plot.levels = {{crossing.loss, "last loss of " + crossing.baseline}};
      if (!crossing.speedup) continue;
      Series ring = series_of(study, architecture, SeriesKind::Points, "");
      ring.name = architecture + " crossing";
      ring.hollow = true;
      ring.scale = 2.2;
      ring.x = {*crossing.candidate_flops};
      ring.y = {crossing.loss};
      ring.tips = {fmt::format("{} passes {}'s last loss, {}, after {} of its {} FLOPs: {}×",
                               architecture, crossing.baseline, fixed(crossing.loss, 4),
                               significant(*crossing.candidate_flops, 3),
                               significant(crossing.baseline_flops, 3), factor(*crossing.speedup))};
      said += fmt::format("{}{} {}×", said.empty() ? "" : ", ", architecture,
                          factor(*crossing.speedup));
      plot.series.push_back(std::move(ring));
    }
  }
  plot.caption = fmt::format(
      "Held-out loss of single runs, size {}, seed {}. Ringed: where a candidate passes the last "
      "loss of {}; speed-up = compute of its run / compute there ({}). At one size the factor "
      "grows "
      "with training time: compare frontiers before believing it.",
      place.size, place.seed, study.baseline, said.empty() ? "none passes" : said);
  if (plot.levels.empty()) plot.series.clear();  // the baseline's run has no curve
  return plot;
}

}  // namespace

Plots curve_plots(const StudyResults& study) {
  const CurvePlace place = curve_place(study);
  if (place.architectures.empty()) return {};
  return {learning_curves(study, place), crossing_plot(study, place)};
}

}  // namespace isoloss
