#include "analysis/report_inference.h"

#include <fmt/format.h>

#include <algorithm>
#include <cmath>

#include "analysis/inference_cost.h"
#include "analysis/report_number.h"
#include "analysis/report_plot_parts.h"

namespace isoloss {
namespace {

using Curve = std::vector<InferencePoint>;

std::string how_measured(const InferenceCosts& costs) {
  std::string text = fmt::format(
      "Forward seconds: the quickest pass over held-out text of each evaluation, times the ranks "
      "that share a model, median over the models of a size; {}, while the study trained: what ran "
      "beside it slows it.",
      costs.machine);
  if (costs.left_out > 0)
    text += fmt::format(" {} left out: trained on another machine or number of threads.",
                        count_text(costs.left_out, "trial"));
  return text;
}

// Three losses that both curves reach, from the highest to the lowest; none where they share none.
std::vector<double> common_losses(const Curve& a, const Curve& b) {
  if (a.size() < 2 || b.size() < 2) return {};
  const double high = std::min(a.front().loss, b.front().loss);
  const double low = std::max(a.back().loss, b.back().loss);
  if (!(high > low)) return {};
  return {high, std::sqrt(high * low), low};
}

}  // namespace

Plot inference_plot(const StudyResults& study) {
  Plot plot;
  const InferenceCosts costs = inference_costs(study.results);
  plot.name = "inference";
  plot.title = "Inference cost and loss.";
  plot.caption =
      "Every trial; lines join those that no other of the architecture is both quicker "
      "and better than. Down and left is better. " +
      how_measured(costs);
  plot.x = {"forward seconds per token", true, false, {}};
  plot.y = loss_axis();
  for (const std::string& architecture : study.architectures) {
    Series markers = series_of(study, architecture, SeriesKind::Points, architecture);
    for (const InferencePoint& point : costs.points) {
      if (point.architecture != architecture) continue;
      markers.x.push_back(point.seconds);
      markers.y.push_back(point.loss);
      markers.tips.push_back(fmt::format(
          "{}, size {}, seed {}\nloss {} nats at {} FLOPs\n{} forward seconds per token",
          architecture, point.size, point.seed, fixed(point.loss, 4), significant(point.flops, 3),
          significant(point.seconds, 3)));
    }
    plot.series.push_back(std::move(markers));
    Series line = series_of(study, architecture, SeriesKind::Lines, "");
    line.name = architecture + " best";
    for (const InferencePoint& point : best_for_their_time(costs, architecture)) {
      line.x.push_back(point.seconds);
      line.y.push_back(point.loss);
    }
    plot.series.push_back(std::move(line));
  }
  return plot;
}

Table inference_table(const StudyResults& study) {
  const InferenceCosts costs = inference_costs(study.results);
  Table table{
      "inference_costs",
      "Forward seconds per token at equal held-out loss, between the trials that no other "
      "of their architecture is both quicker and better than. " +
          how_measured(costs),
      {words_column("candidate", "candidate"), words_column("baseline", "baseline"),
       number_column("loss", "loss"), number_column("candidate_seconds", "candidate's (s/token)"),
       number_column("baseline_seconds", "baseline's (s/token)"),
       number_column("ratio", "baseline's / candidate's")},
      {}};
  if (study.baseline.empty()) return table;
  const Curve baseline = best_for_their_time(costs, study.baseline);
  for (const std::string& candidate : study.architectures) {
    if (candidate == study.baseline) continue;
    const Curve curve = best_for_their_time(costs, candidate);
    for (const double loss : common_losses(baseline, curve)) {
      const auto its = forward_seconds_at(curve, loss), base = forward_seconds_at(baseline, loss);
      if (!its || !base) continue;
      table.rows.push_back({text_cell(candidate), text_cell(study.baseline), fixed_cell(loss, 4),
                            significant_cell(*its, 3), significant_cell(*base, 3),
                            fixed_cell(*base / *its, 2)});
    }
  }
  return table;
}

}  // namespace isoloss
