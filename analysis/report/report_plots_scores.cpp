#include <fmt/format.h>

#include <algorithm>
#include <cmath>

#include "analysis/plot/number_text.h"
#include "analysis/published/published_scores.h"
#include "analysis/report/report_plot_families.h"
#include "analysis/report/report_plot_parts.h"

namespace isoloss {
namespace {

constexpr int kTaskCurvePoints = 40;
constexpr double kBandLevel = 0.95;

std::string title_of(const AccuracyTask& task) {
  return task.name() == task.task ? fmt::format("One-shot: {}", task.task)
                                  : fmt::format("One-shot: {}, {} cards", task.task, task.profile);
}

std::string tip_of(const AccuracyTask& task, const AccuracyPoint& point) {
  std::string tip =
      fmt::format("{}, size {}, seed {}\n{} {} ± {} over {} items, chance {}\nat {} FLOPs; {} {}",
                  point.architecture, point.size, point.seed, task.metric, fixed(point.accuracy, 4),
                  fixed(point.standard_error, 4), task.items, fixed(task.chance, 3),
                  significant(point.flops, 4), task.loss(), fixed(point.task_loss, 4));
  if (std::isfinite(point.best)) tip += fmt::format("\nbest possible {}", fixed(point.best, 4));
  if (point.checkpoints > 1) tip += fmt::format("\nmean of {} checkpoints", point.checkpoints);
  return tip;
}

enum class ScoreAxis { Compute, Loss };

// Every trial of an architecture with one standard error.
Series trial_markers(const StudyResults& study, const AccuracyTask& task,
                     const std::string& architecture, ScoreAxis against) {
  Series series = series_of(study, architecture, SeriesKind::Points, architecture);
  for (const AccuracyPoint& point : task.points) {
    if (point.architecture != architecture) continue;
    series.x.push_back(against == ScoreAxis::Compute ? point.flops : point.task_loss);
    series.y.push_back(point.accuracy);
    series.low.push_back(point.accuracy - point.standard_error);
    series.high.push_back(point.accuracy + point.standard_error);
    series.tips.push_back(tip_of(task, point));
  }
  return series;
}

// Places from `low` to `high` in equal ratios.
std::vector<double> ratios_between(double low, double high) {
  std::vector<double> out;
  for (int i = 0; i < kTaskCurvePoints; ++i) {
    out.push_back(low * std::pow(high / low, i / (kTaskCurvePoints - 1.0)));
  }
  return out;
}

void add_curve(const StudyResults& study, const ArchitectureAccuracy& one, Plot& plot) {
  Series line = series_of(study, one.architecture, SeriesKind::Lines, "");
  line.name = one.architecture + " by its laws";
  Series band = series_of(study, one.architecture, SeriesKind::Band, "");
  band.name = one.architecture + " band";
  for (const double flops : ratios_between(one.flops.first, one.flops.second)) {
    const AccuracyAt at = accuracy_at(one, flops, kBandLevel);
    line.x.push_back(flops);
    line.y.push_back(at.accuracy);
    if (!at.interval) continue;
    band.x.push_back(flops);
    band.low.push_back(at.interval->first);
    band.high.push_back(at.interval->second);
  }
  plot.series.insert(plot.series.begin(), std::move(band));
  plot.series.push_back(std::move(line));
}

std::string refusals(const AccuracyFit& fit) {
  if (!fit.refusal.empty()) return " No curve: " + fit.refusal + ".";
  std::string out;
  for (const ArchitectureAccuracy& one : fit.architectures) {
    if (!one.loss) out += fmt::format(" No curve of {}: {}.", one.architecture, one.refusal);
  }
  return out;
}

std::vector<std::pair<double, std::string>> levels_of(const AccuracyTask& task) {
  std::vector<std::pair<double, std::string>> levels = {{task.chance, "chance"}};
  for (const double best : task.best_levels()) levels.push_back({best, "best possible"});
  return levels;
}

// Trials that no model can be: by the scatter of its items one in six that is as good as the best
// is among them.
std::string above_the_best(const AccuracyTask& task) {
  std::string names;
  for (const AccuracyPoint& point : task.points) {
    if (!above_best(point)) continue;
    names += fmt::format("{}{}, size {}, seed {} at {} FLOPs ({} of {})", names.empty() ? "" : "; ",
                         point.architecture, point.size, point.seed, significant(point.flops, 3),
                         fixed(point.accuracy, 4), fixed(point.best, 4));
  }
  return names.empty() ? ""
                       : " Above the best possible by more than one standard error, so lucky or "
                         "wrong: " +
                             names + ".";
}

Plot compute_plot(const StudyResults& study, const StudyTask& task) {
  Plot plot;
  plot.title = title_of(task.data) + ".";
  plot.caption = fmt::format(
      "Every trial's {} against compute; bars: one standard error over items. Lines: task loss "
      "from compute, then accuracy from task loss, at the best use of compute, with 95 % "
      "bands.{}{}",
      task.data.metric, above_the_best(task.data), refusals(task.fit));
  plot.x = compute_axis();
  plot.y = {task.data.metric, false, false, {}};
  plot.levels = levels_of(task.data);
  for (const std::string& architecture : study.architectures) {
    plot.series.push_back(trial_markers(study, task.data, architecture, ScoreAxis::Compute));
  }
  for (const ArchitectureAccuracy& one : task.fit.architectures) {
    if (one.loss) add_curve(study, one, plot);
  }
  return plot;
}

Plot over_loss_plot(const StudyResults& study, const StudyTask& task) {
  Plot plot;
  const SharingTest& test = task.fit.sharing;
  plot.title = title_of(task.data) + ", over loss.";
  plot.caption = fmt::format(
      "The same trials against {}; better to the right. {}", task.data.loss(),
      !task.fit.sigmoid ? "No curve: " + task.fit.refusal + "."
      : test.shared()
          ? (test.tested
                 ? fmt::format("One sigmoid for all is not rejected ({}).",
                               p_text(test.bootstrap_p))
                 : "One sigmoid for all; whether it serves was not tested (" + test.why_not + ").")
          : fmt::format("A sigmoid each: one for all is rejected ({}).", p_text(test.bootstrap_p)));
  plot.x = {task.data.loss(), false, true, {}};
  plot.y = {task.data.metric, false, false, {}};
  plot.levels = levels_of(task.data);
  double low = HUGE_VAL, high = 0;
  for (const AccuracyPoint& point : task.data.points) {
    low = std::min(low, point.task_loss);
    high = std::max(high, point.task_loss);
  }
  const auto add = [&](Series line, const AccuracyOfLoss& curve) {
    for (const double loss : ratios_between(low, high)) {
      line.x.push_back(loss);
      line.y.push_back(curve.accuracy(loss));
    }
    plot.series.push_back(std::move(line));
  };
  for (const std::string& architecture : study.architectures) {
    plot.series.push_back(trial_markers(study, task.data, architecture, ScoreAxis::Loss));
  }
  if (!task.fit.sigmoid) return plot;
  if (test.shared()) {
    Series line;
    line.title = "sigmoid";
    line.style = 0;
    line.kind = SeriesKind::Lines;
    add(std::move(line), task.fit.sigmoid->curve);
    return plot;
  }
  for (const ArchitectureAccuracy& one : task.fit.architectures) {
    if (!one.loss) continue;
    Series line = series_of(study, one.architecture, SeriesKind::Lines, "");
    line.name = one.architecture + " sigmoid";
    add(std::move(line), one.curve.accuracy);
  }
  return plot;
}

// The study's trials and what papers print of the same task, scored by the papers' rules.
Plot published_plot(const StudyResults& study, const StudyTask& task) {
  Plot plot;
  if (task.data.profile != "gpt3") return plot;
  const auto published = published_scores(task.data.task, task.data.metric);
  if (published.empty()) return plot;
  plot.title = title_of(task.data) + ", beside published models.";
  plot.caption =
      "Primer: means of five checkpoints with their deviations (So et al. 2021, table 6). GPT-3: "
      "Brown et al. 2020, table H.1, one-shot. Other data, tokenizers and prompts: an order of "
      "magnitude, no comparison.";
  plot.x = compute_axis();
  plot.y = {task.data.metric, false, false, {}};
  plot.levels = {{task.data.chance, "chance"}};
  for (const std::string& architecture : study.architectures) {
    plot.series.push_back(trial_markers(study, task.data, architecture, ScoreAxis::Compute));
  }
  int style = static_cast<int>(study.architectures.size());
  std::string last;
  for (const PublishedScore& score : published) {
    if (score.source != last) {
      Series series;
      series.title = score.source;
      series.style = ++style;
      series.hollow = true;
      plot.series.push_back(std::move(series));
      last = score.source;
    }
    Series& series = plot.series.back();
    const double deviation = std::isfinite(score.deviation) ? score.deviation : 0;
    series.x.push_back(score.flops);
    series.y.push_back(score.value);
    series.low.push_back(score.value - deviation);
    series.high.push_back(score.value + deviation);
    series.tips.push_back(
        fmt::format("{}: {} ({})", score.model, fixed(score.value, 3), score.source));
  }
  return plot;
}

// Compute at equal accuracy of every task, with the saving at equal loss as band and line.
Plot multipliers_plot(const StudyResults& study) {
  Plot plot;
  plot.name = "one_shot_multipliers";
  plot.title =
      fmt::format("Compute at equal accuracy and at equal loss, against {}.", study.baseline);
  plot.caption =
      "Markers: one a task, at the middle of the accuracies that both reach, with 95 % intervals. "
      "Lines and bands: the saving at equal held-out loss where the baseline has spent that much.";
  plot.x = {fmt::format("FLOPs that {} needs", study.baseline), true, false, {}};
  plot.y = {fmt::format("FLOPs of {} / of candidate", study.baseline), true, false, {}};
  plot.levels = {{1.0, "no saving"}};
  bool any = false;
  for (const std::string& candidate : study.architectures) {
    if (candidate == study.baseline) continue;
    Series markers =
        series_of(study, candidate, SeriesKind::Points, candidate + " at equal accuracy");
    for (const StudyTask& task : study.tasks) {
      const ArchitectureAccuracy *a = task.fit.find(study.baseline), *b = task.fit.find(candidate);
      const std::vector<double> at = a && b ? common_accuracies(*a, *b) : std::vector<double>();
      if (at.empty()) continue;
      const ComputeMultiplier saved = compute_multiplier(*a, *b, at[at.size() / 2], kBandLevel);
      const Interval ends = saved.interval.value_or(Interval{saved.multiplier, saved.multiplier});
      any = true;
      markers.x.push_back(saved.baseline_flops);
      markers.y.push_back(saved.multiplier);
      markers.low.push_back(ends.first);
      markers.high.push_back(ends.second);
      markers.tips.push_back(fmt::format(
          "{}: {} against {} at {} {}\n{}×, {}", title_of(task.data), candidate, study.baseline,
          task.data.metric, fixed(saved.accuracy, 3), factor(saved.multiplier),
          saved.interval ? interval_text(*saved.interval) : "no interval"));
    }
    for (const Comparison& comparison : study.comparisons) {
      if (comparison.wall_clock || comparison.candidate != candidate ||
          comparison.baseline != study.baseline || !comparison.savings) {
        continue;
      }
      Series line = series_of(study, candidate, SeriesKind::Lines, candidate + " at equal loss");
      Series band = series_of(study, candidate, SeriesKind::Band, "");
      band.name = candidate + " at equal loss, band";
      for (const SavingsAt& at : comparison.savings->by_compute) {
        line.x.push_back(at.baseline_compute);
        line.y.push_back(at.savings);
        if (!at.interval) continue;
        band.x.push_back(at.baseline_compute);
        band.low.push_back(at.interval->first);
        band.high.push_back(at.interval->second);
      }
      plot.series.insert(plot.series.begin(), std::move(band));
      plot.series.push_back(std::move(line));
    }
    plot.series.push_back(std::move(markers));
  }
  if (!any) plot.series.clear();
  return plot;
}

}  // namespace

Plots score_plots(const StudyResults& study) {
  Plots plots;
  if (!study.baseline.empty() && !study.tasks.empty()) plots.push_back(multipliers_plot(study));
  int number = 0;
  for (const StudyTask& task : study.tasks) {
    ++number;
    const auto add = [&](Plot plot, const char* suffix) {
      plot.name = fmt::format("one_shot_{}{}", number, suffix);
      plots.push_back(std::move(plot));
    };
    add(compute_plot(study, task), "");
    add(over_loss_plot(study, task), "_over_loss");
    add(published_plot(study, task), "_published");
  }
  return plots;
}

}  // namespace isoloss
