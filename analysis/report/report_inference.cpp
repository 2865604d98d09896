#include "analysis/report/report_inference.h"

#include <fmt/format.h>

#include <utility>

#include "analysis/plot/number_text.h"
#include "analysis/plot/table_of.h"
#include "analysis/report/report_plot_parts.h"
#include "analysis/scores/inference_cost.h"

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

std::string losses_text(const Curve& curve) {
  if (curve.size() == 1) return fixed(curve.front().loss, 4);
  return fmt::format("{} to {}", fixed(curve.front().loss, 4), fixed(curve.back().loss, 4));
}

struct PairOfCurves {
  std::string candidate, baseline;
  const Curve &of_candidate, &of_baseline;
};

// Why the ratio is a bound; empty where it is none.
std::string bound_note(const PairOfCurves& pair, const CostAtLoss& cost) {
  if (!cost.baseline_at_most && !cost.candidate_at_most) return "";
  const char* better = cost.candidate_at_most ? "candidate" : "baseline";
  const char* worse = cost.candidate_at_most ? "baseline" : "candidate";
  return fmt::format(
      "no common loss (candidate {}, baseline {}): the {}'s best beside the {}'s quickest, which "
      "is better",
      losses_text(pair.of_candidate), losses_text(pair.of_baseline), worse, better);
}

TableCell ratio_cell(const CostAtLoss& cost) {
  TableCell cell = fixed_cell(cost.ratio(), 2);
  if (cost.candidate_at_most) cell.shown = "at least " + cell.shown;
  if (cost.baseline_at_most) cell.shown = "at most " + cell.shown;
  return cell;
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
  TableOf<PairOfCurves, CostAtLoss> table(
      "inference_costs",
      "Forward seconds per token at equal held-out loss, between the trials that no other "
      "of their architecture is both quicker and better than. " +
          how_measured(costs));
  table.words("candidate", "candidate", &PairOfCurves::candidate);
  table.words("baseline", "baseline", &PairOfCurves::baseline);
  table.fixed("loss", "loss", 4, &CostAtLoss::loss);
  table.significant("candidate_seconds", "candidate's (s/token)", 3, &CostAtLoss::candidate);
  table.significant("baseline_seconds", "baseline's (s/token)", 3, &CostAtLoss::baseline);
  table.cells({"ratio", "baseline's / candidate's"}, ratio_cell);
  table.sentence("why", "why a bound", bound_note);
  if (study.baseline.empty() || costs.points.empty()) return table.take();
  const Curve baseline = best_for_their_time(costs, study.baseline);
  for (const std::string& candidate : study.architectures) {
    if (candidate == study.baseline) continue;
    const Curve curve = best_for_their_time(costs, candidate);
    const PairOfCurves pair{candidate, study.baseline, curve, baseline};
    for (const CostAtLoss& cost : costs_at_equal_loss(baseline, curve)) table.add(pair, cost);
    if (baseline.empty() || curve.empty())
      table.refuse(pair, fmt::format("none: no trial of {} had its forward pass measured there",
                                     curve.empty() ? candidate : study.baseline));
  }
  return table.take();
}

}  // namespace isoloss
