#include <fmt/format.h>

#include <algorithm>
#include <cmath>
#include <map>

#include "analysis/report_number.h"
#include "analysis/report_plot_families.h"
#include "analysis/report_plot_parts.h"
#include "analysis/report_tables.h"

namespace isoloss {
namespace {

using TaskScores = std::vector<std::pair<const RunRecord*, const Score*>>;

double score_loss(const RunRecord& run, const Score& score) {
  for (const Evaluation& evaluation : run.evaluations) {
    if (evaluation.step == score.step) return evaluation.loss;
  }
  return std::nan("");
}

std::string tip_of(const RunRecord& run, const Score& score) {
  return fmt::format("{}, size {}, seed {}\n{} {} ± {} over {} items, chance {}\nat {} FLOPs",
                     run.header.architecture, run.header.size, run.header.seed, score.metric,
                     fixed(score.value, 4), fixed(score.standard_error, 4), score.n,
                     fixed(score.chance, 3), significant(score_flops(run, score), 4));
}

// Against compute; against loss where all scores were taken at one compute, which would pile them
// up.
Plot score_plot(const StudyResults& study, const std::string& task, const TaskScores& scores) {
  double low = score_flops(*scores.front().first, *scores.front().second), high = low;
  for (const auto& [run, score] : scores) {
    low = std::min(low, score_flops(*run, *score));
    high = std::max(high, score_flops(*run, *score));
  }
  const bool by_loss = high < 1.1 * low;
  const std::string& metric = scores.front().second->metric;
  Plot plot;
  plot.title = fmt::format("One-shot: {}.", task);
  plot.caption = fmt::format(
      "{} of every trial{}; bars: one standard error over items.", metric,
      by_loss
          ? fmt::format(" against its held-out loss, all at about {} FLOPs; better to the right",
                        significant(high, 3))
          : " against compute");
  plot.x = compute_axis();
  if (by_loss) plot.x = {loss_axis().label, false, true, {}};
  plot.y = {metric, false, false, {}};
  plot.levels = {{scores.front().second->chance, "chance"}};
  for (const std::string& architecture : study.architectures) {
    Series series = series_of(study, architecture, SeriesKind::Points, architecture);
    for (const auto& [run, score] : scores) {
      if (run->header.architecture != architecture) continue;
      series.x.push_back(by_loss ? score_loss(*run, *score) : score_flops(*run, *score));
      series.y.push_back(score->value);
      series.low.push_back(score->value - score->standard_error);
      series.high.push_back(score->value + score->standard_error);
      series.tips.push_back(tip_of(*run, *score));
    }
    plot.series.push_back(std::move(series));
  }
  return plot;
}

}  // namespace

Plots score_plots(const StudyResults& study) {
  std::map<std::string, TaskScores> by_task;
  for (const RunRecord& run : study.all.runs) {
    for (const Score& score : run.scores) by_task[score.task].push_back({&run, &score});
  }
  Plots plots;
  int number = 0;
  for (const auto& [task, scores] : by_task) {
    plots.push_back(score_plot(study, task, scores));
    plots.back().name = fmt::format("one_shot_{}", ++number);
  }
  return plots;
}

}  // namespace isoloss
