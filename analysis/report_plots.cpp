#include "analysis/report_plots.h"

#include <fmt/format.h>

#include <algorithm>
#include <cmath>
#include <map>
#include <set>

#include "analysis/report_number.h"
#include "analysis/report_tables.h"

namespace isoloss {
namespace {

constexpr const char* kCompute = "training compute (FLOPs)";
constexpr const char* kLoss = "held-out loss (nats per token)";

Series series_of(const StudyResults& study, const std::string& architecture, SeriesKind kind,
                 std::string title) {
  Series series;
  series.title = std::move(title);
  series.style = style_of(study, architecture);
  series.kind = kind;
  return series;
}

Plot loss_plot(const StudyResults& study) {
  Plot plot{"loss_against_compute",
            "Loss against compute.",
            "Every trial, and each architecture's compute-optimal frontier as a line through the "
            "budgets that count. Small open markers: learning rates that lost their search.",
            {kCompute, true, false, {}},
            {kLoss, true, false, {}},
            {},
            {}};
  for (std::size_t i = 0; i < study.architectures.size(); ++i) {
    const std::string& architecture = study.architectures[i];
    Series trials = series_of(study, architecture, SeriesKind::Points, "");
    Series arms = trials;
    trials.scale = 0.9;
    arms.scale = 0.55;
    arms.hollow = true;
    for (const Point& point : study.all.points) {
      if (point.architecture != architecture) continue;
      Series& series = is_result(point) ? trials : arms;
      series.x.push_back(point.flops);
      series.y.push_back(point.loss);
    }
    Series line = series_of(study, architecture, SeriesKind::Lines, architecture);
    if (study.frontiers[i].frontier) {
      for (const FrontierPoint& point : study.frontiers[i].frontier->used()) {
        line.x.push_back(point.flops);
        line.y.push_back(point.loss);
      }
    }
    if (line.x.size() < 2) trials.title = architecture;
    if (line.x.size() < 2) line = {};
    plot.series.push_back(std::move(arms));
    plot.series.push_back(std::move(trials));
    if (!line.x.empty()) plot.series.push_back(std::move(line));
  }
  if (study.all.floor) plot.levels = {{*study.all.floor, "exact floor"}};
  return plot;
}

Plot savings_plot(const StudyResults& study, const std::string& baseline, bool wall_clock) {
  Plot plot{
      "",
      fmt::format("Savings in {} against {}.", wall_clock ? "training time" : "FLOPs", baseline),
      "Bands: 95 % intervals. Lower loss, so more compute, to the right. Above 1 the candidate "
      "needs less.",
      {kLoss, false, true, {}},
      {fmt::format("{} of {} / of candidate", wall_clock ? "seconds" : "FLOPs", baseline),
       true,
       false,
       {}},
      {},
      {{1.0, "no saving"}}};
  for (const Comparison& comparison : study.comparisons) {
    if (comparison.baseline != baseline || comparison.wall_clock != wall_clock) continue;
    if (!comparison.savings) continue;
    Series line = series_of(study, comparison.candidate, SeriesKind::Lines, comparison.candidate);
    Series band = series_of(study, comparison.candidate, SeriesKind::Band, "");
    for (const SavingsAt& at : comparison.savings->curve) {
      line.x.push_back(at.loss);
      line.y.push_back(at.savings);
      if (!at.interval) continue;
      band.x.push_back(at.loss);
      band.low.push_back(at.interval->first);
      band.high.push_back(at.interval->second);
    }
    plot.series.insert(plot.series.begin(), std::move(band));
    plot.series.push_back(std::move(line));
  }
  return plot;
}

// The named baseline, and the one that is the best other baseline of the most candidates.
std::vector<std::string> plotted_baselines(const StudyResults& study) {
  std::map<std::string, int> candidates;
  std::string best;
  for (const Comparison& comparison : study.comparisons) {
    if (comparison.baseline == study.baseline) continue;
    if (++candidates[comparison.baseline] > candidates[best]) best = comparison.baseline;
  }
  if (best.empty()) return {study.baseline};
  return {study.baseline, best};
}

void add_savings_plots(const StudyResults& study, std::vector<Plot>& plots) {
  int number = 0;
  for (const std::string& baseline : plotted_baselines(study)) {
    ++number;
    for (const bool wall_clock : {false, true}) {
      Plot plot = savings_plot(study, baseline, wall_clock);
      plot.name = fmt::format("savings_{}_baseline_{}", wall_clock ? "seconds" : "flops", number);
      plots.push_back(std::move(plot));
    }
  }
}

Plot learning_rate_plot(const StudyResults& study) {
  Plot plot{"loss_against_learning_rate",
            "Loss against learning rate.",
            "",
            {"learning rate", true, false, {}},
            {"selection loss (nats per token)", false, false, {}},
            {},
            {}};
  double budget = 0;
  for (const Decision& decision : study.all.decisions) budget = std::max(budget, decision.budget);
  std::set<double> rates;
  std::set<std::string> titled, sizes;
  for (const Decision& decision : study.all.decisions) {
    const int style = style_of(study, decision.architecture);
    if (decision.budget != budget || style > static_cast<int>(study.architectures.size())) continue;
    Series line =
        series_of(study, decision.architecture, SeriesKind::LinesPoints,
                  titled.insert(decision.architecture).second ? decision.architecture : "");
    Series chosen = series_of(study, decision.architecture, SeriesKind::Points, "");
    chosen.hollow = true;
    chosen.scale = 2;
    for (const DecisionArm& arm : decision.arms) {
      rates.insert(arm.learning_rate);
      if (arm.diverged) continue;
      line.x.push_back(arm.learning_rate);
      line.y.push_back(arm.selection_loss);
      if (arm.learning_rate != decision.learning_rate) continue;
      chosen.x.push_back(arm.learning_rate);
      chosen.y.push_back(arm.selection_loss);
    }
    sizes.insert(decision.size);
    plot.series.push_back(std::move(line));
    plot.series.push_back(std::move(chosen));
  }
  std::stable_sort(plot.series.begin(), plot.series.end(),
                   [](const Series& a, const Series& b) { return a.style < b.style; });
  std::string at;
  for (const std::string& size : sizes) at += (at.empty() ? "" : ", ") + size;
  plot.caption = fmt::format(
      "Where rates were decided (size {}, budget {}), on the selection part of "
      "the held-out text. Ringed: chosen. Rates that diverged are not drawn.",
      at, significant(budget, 4));
  plot.x.ticks.assign(rates.begin(), rates.end());
  return plot;
}

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

// The result runs of one size, one per architecture with the lowest seed: the size that the most
// architectures have, of those the one whose run reaches the most compute.
std::vector<const RunRecord*> curve_runs(const StudyResults& study) {
  std::map<std::string, std::map<std::string, const RunRecord*>> by_size;
  for (const RunRecord& run : study.all.runs) {
    const bool is_of_result =
        std::any_of(study.results.points.begin(), study.results.points.end(),
                    [&](const Point& point) { return point.run == run.header.id; });
    if (!is_of_result) continue;
    const RunRecord*& kept = by_size[run.header.size][run.header.architecture];
    if (!kept || run.header.seed < kept->header.seed) kept = &run;
  }
  std::vector<const RunRecord*> best;
  double best_loss = 0;
  for (const auto& [size, runs] : by_size) {
    double loss = 0;
    for (const auto& [architecture, run] : runs) loss += run->evaluations.back().loss;
    loss /= static_cast<double>(runs.size());
    const bool better =
        runs.size() > best.size() || (runs.size() == best.size() && loss < best_loss);
    if (!better) continue;
    best.clear();
    for (const std::string& architecture : study.architectures) {
      if (runs.contains(architecture)) best.push_back(runs.at(architecture));
    }
    best_loss = loss;
  }
  return best;
}

Plot curves_plot(const StudyResults& study) {
  Plot plot{"learning_curves",
            "Learning curves.",
            "",
            {kCompute, true, false, {}},
            {"loss (nats per token)", true, false, {}},
            {},
            {}};
  const auto runs = curve_runs(study);
  for (const RunRecord* run : runs) {
    Series train =
        series_of(study, run->header.architecture, SeriesKind::Lines, run->header.architecture);
    train.scale = 0.6;
    Series held_out = series_of(study, run->header.architecture, SeriesKind::Points, "");
    held_out.scale = 1.2;
    for (const Evaluation& evaluation : run->evaluations) {
      held_out.x.push_back(evaluation.flops);
      held_out.y.push_back(evaluation.loss);
    }
    plot.series.push_back(smoothed(*run, std::move(train)));
    plot.series.push_back(std::move(held_out));
  }
  if (!runs.empty()) {
    plot.caption = fmt::format(
        "Size {}, seed {}. Lines: training loss, means over windows of about 5 % "
        "of the steps so far. Markers: held-out loss at each budget.",
        runs.front()->header.size, runs.front()->header.seed);
  }
  return plot;
}

Plot size_plot(const StudyResults& study) {
  Plot plot{"best_size_against_compute",
            "Best size against compute.",
            "N*, total parameters, where the frontier says. Open markers: the best size is at the "
            "grid's edge, the budget is left out.",
            {kCompute, true, false, {}},
            {"best size N* (parameters)", true, false, {}},
            {},
            {}};
  for (std::size_t i = 0; i < study.architectures.size(); ++i) {
    if (!study.frontiers[i].frontier) continue;
    const std::string& architecture = study.architectures[i];
    Series inner = series_of(study, architecture, SeriesKind::LinesPoints, architecture);
    Series edge = series_of(study, architecture, SeriesKind::Points, "");
    edge.hollow = true;
    for (const FrontierPoint& point : study.frontiers[i].frontier->points) {
      Series& series = point.used ? inner : edge;
      series.x.push_back(point.flops);
      series.y.push_back(point.optimal_parameters);
    }
    plot.series.push_back(std::move(inner));
    plot.series.push_back(std::move(edge));
  }
  return plot;
}

using TaskScores = std::vector<std::pair<const RunRecord*, const Score*>>;

double score_loss(const RunRecord& run, const Score& score) {
  for (const Evaluation& evaluation : run.evaluations) {
    if (evaluation.step == score.step) return evaluation.loss;
  }
  return std::nan("");
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
  Plot plot{"",
            fmt::format("One-shot: {}.", task),
            fmt::format("{} of every trial{}; bars: one standard error over items.",
                        scores.front().second->metric,
                        by_loss ? " against its held-out loss, all at about " +
                                      significant(high, 3) + " FLOPs; better to the right"
                                : " against compute"),
            by_loss ? Axis{kLoss, false, true, {}} : Axis{kCompute, true, false, {}},
            {scores.front().second->metric, false, false, {}},
            {},
            {{scores.front().second->chance, "chance"}}};
  for (const std::string& architecture : study.architectures) {
    Series series = series_of(study, architecture, SeriesKind::Points, architecture);
    for (const auto& [run, score] : scores) {
      if (run->header.architecture != architecture) continue;
      series.x.push_back(by_loss ? score_loss(*run, *score) : score_flops(*run, *score));
      series.y.push_back(score->value);
      series.low.push_back(score->value - score->standard_error);
      series.high.push_back(score->value + score->standard_error);
    }
    plot.series.push_back(std::move(series));
  }
  return plot;
}

void add_score_plots(const StudyResults& study, std::vector<Plot>& plots) {
  std::map<std::string, TaskScores> by_task;
  for (const RunRecord& run : study.all.runs) {
    for (const Score& score : run.scores) by_task[score.task].push_back({&run, &score});
  }
  int number = 0;
  for (const auto& [task, scores] : by_task) {
    plots.push_back(score_plot(study, task, scores));
    plots.back().name = fmt::format("one_shot_{}", ++number);
  }
}

}  // namespace

std::vector<Plot> report_plots(const StudyResults& study) {
  std::vector<Plot> plots;
  plots.push_back(loss_plot(study));
  add_savings_plots(study, plots);
  plots.push_back(learning_rate_plot(study));
  plots.push_back(curves_plot(study));
  plots.push_back(size_plot(study));
  add_score_plots(study, plots);
  std::erase_if(plots, [](const Plot& plot) { return !has_data(plot); });
  return plots;
}

}  // namespace isoloss
