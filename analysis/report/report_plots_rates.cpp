#include <fmt/format.h>

#include <algorithm>
#include <cmath>
#include <map>
#include <set>

#include "analysis/plot/number_text.h"
#include "analysis/report/report_plot_families.h"
#include "analysis/report/report_plot_parts.h"

namespace isoloss {
namespace {

std::string tip_of(const Decision& decision, const DecisionArm& arm) {
  return fmt::format("{}, size {}\nlearning rate {}{}\nselection loss {} nats at budget {}",
                     decision.architecture, decision.size, significant(arm.learning_rate, 3),
                     arm.run == decision.winner ? ", chosen" : "", fixed(arm.selection_loss, 4),
                     significant(decision.budget, 4));
}

Plot decision_plot(const StudyResults& study) {
  Plot plot;
  plot.name = "loss_against_learning_rate";
  plot.title = "Loss against learning rate.";
  plot.x = {"learning rate", true, false, {}};
  plot.y = {"selection loss (nats per token)", false, false, {}};
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
    chosen.name = decision.architecture + " chosen";
    chosen.hollow = true;
    chosen.scale = 2;
    for (const DecisionArm& arm : decision.arms) {
      rates.insert(arm.learning_rate);
      if (arm.diverged) continue;
      line.x.push_back(arm.learning_rate);
      line.y.push_back(arm.selection_loss);
      line.tips.push_back(tip_of(decision, arm));
      if (arm.learning_rate != decision.learning_rate) continue;
      chosen.x.push_back(arm.learning_rate);
      chosen.y.push_back(arm.selection_loss);
      chosen.tips.push_back(tip_of(decision, arm));
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
      "Where rates were decided (size {}, budget {}), on the selection part of the held-out text. "
      "Ringed: chosen. Rates that diverged are not drawn.",
      at, significant(budget, 4));
  plot.x.ticks.assign(rates.begin(), rates.end());
  return plot;
}

struct RateMeans {
  double budget = 0;
  std::map<double, std::vector<const Point*>> by_rate;
};

// Of every size the trials at the largest budget that saw several learning rates, smallest size
// first.
std::map<std::pair<double, std::string>, RateMeans> rates_by_size(const StudyResults& study,
                                                                  const std::string& architecture) {
  std::map<std::pair<double, std::string>, std::map<double, RateMeans>> all;
  for (const Point& point : study.all.points) {
    if (point.architecture != architecture || !std::isfinite(point.learning_rate)) continue;
    const double budget = std::isnan(point.budget) ? point.flops : point.budget;
    const double parameters = std::isnan(point.parameters) ? 0 : point.parameters;
    RateMeans& means = all[{parameters, point.size}][budget];
    means.budget = budget;
    means.by_rate[point.learning_rate].push_back(&point);
  }
  std::map<std::pair<double, std::string>, RateMeans> out;
  for (auto& [size, budgets] : all) {
    for (auto& [budget, means] : budgets) {
      if (means.by_rate.size() > 1) out[size] = std::move(means);  // the last is the largest
    }
  }
  return out;
}

// One line a size. Only where two sizes or more tried several rates: one is in the plot above.
Plot size_plot(const StudyResults& study, const std::string& architecture) {
  Plot plot;
  plot.title = fmt::format("Loss against learning rate, {}.", architecture);
  plot.x = {"learning rate", true, false, {}};
  plot.y = {"held-out loss (nats per token)", false, false, {}};
  const auto sizes = rates_by_size(study, architecture);
  if (sizes.size() < 2) return plot;
  std::set<double> rates, budgets;
  for (const auto& [size, means] : sizes) {
    Series line;
    line.style = static_cast<int>(plot.series.size()) + 1;
    line.kind = SeriesKind::LinesPoints;
    line.title = size.second.empty() ? significant(size.first, 3) : size.second;
    for (const auto& [rate, points] : means.by_rate) {
      double loss = 0;
      for (const Point* point : points) loss += point->loss;
      loss /= static_cast<double>(points.size());
      rates.insert(rate);
      line.x.push_back(rate);
      line.y.push_back(loss);
      line.tips.push_back(points.size() == 1
                              ? tip_of(*points.front())
                              : fmt::format("size {}, learning rate {}\nloss {} nats, mean over {}",
                                            line.title, significant(rate, 3), fixed(loss, 4),
                                            count_text(points.size(), "trial")));
    }
    budgets.insert(means.budget);
    plot.series.push_back(std::move(line));
  }
  plot.x.ticks.assign(rates.begin(), rates.end());
  plot.caption =
      fmt::format("A line for each size at the largest budget that saw several rates ({}{}).",
                  significant(*budgets.begin(), 4),
                  budgets.size() > 1 ? " to " + significant(*budgets.rbegin(), 4) : "");
  return plot;
}

}  // namespace

Plots learning_rate_plots(const StudyResults& study) {
  Plots plots{decision_plot(study)};
  for (std::size_t i = 0; i < study.architectures.size(); ++i) {
    plots.push_back(size_plot(study, study.architectures[i]));
    plots.back().name = fmt::format("loss_against_learning_rate_by_size_{}", i + 1);
  }
  return plots;
}

}  // namespace isoloss
