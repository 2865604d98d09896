#include <fmt/format.h>

#include <algorithm>
#include <cmath>

#include "analysis/plot/number_text.h"
#include "analysis/points/one_budget.h"
#include "analysis/report/report_plot_families.h"
#include "analysis/report/report_plot_parts.h"

namespace isoloss {
namespace {

constexpr int kSizePoints = 41;

bool belongs(const Point& point, const FrontierPoint& optimum) {
  if (std::isnan(optimum.budget)) return false;
  if (!std::isnan(point.budget)) return point.budget == optimum.budget;
  return of_one_budget(point.flops, optimum.flops);
}

// The parabola of one budget over the sizes tried there and a little beyond its vertex.
Series parabola(const Optimum& optimum, double low, double high) {
  Series line;
  line.kind = SeriesKind::Lines;
  const double best = std::log(optimum.point.optimal_parameters);
  low = std::min(std::log(low), best);
  high = std::max(std::log(high), best);
  for (int i = 0; i < kSizePoints; ++i) {
    const double x = low + (high - low) * i / (kSizePoints - 1);
    line.x.push_back(std::exp(x));
    line.y.push_back(optimum.point.loss + optimum.curvature * (x - best) * (x - best));
  }
  return line;
}

Plot isoflop_plot(const StudyResults& study, std::size_t place) {
  const std::string& architecture = study.architectures[place];
  Plot plot;
  plot.title = fmt::format("Loss against size at equal compute, {}.", architecture);
  plot.x = {"parameters N", true, false, {}};
  plot.y = loss_axis();
  plot.second = bits_per_byte_axis(study);
  int style = 0;
  Series vertices;
  vertices.name = "vertex";
  vertices.title = "best size N*";
  vertices.style = 0;
  vertices.hollow = true;
  vertices.scale = 1.9;
  bool curves = false;
  const std::vector<Optimum>& optima = study.frontiers[place].optima;
  for (const std::size_t at : drawn_places(optima.size(), kMostBudgetsDrawn)) {
    const Optimum& optimum = optima[at];
    ++style;
    Series trials;
    trials.style = style;
    trials.title = budget_in_words(optimum.point.budget, "flops");
    trials.name = trials.title;
    double low = INFINITY, high = 0;
    for (const Point& point : study.results.points) {
      if (point.architecture != architecture || !belongs(point, optimum.point)) continue;
      if (!std::isfinite(point.parameters)) continue;
      if (!point.budget_unit.empty())
        trials.title = budget_in_words(point.budget, point.budget_unit);
      low = std::min(low, point.parameters);
      high = std::max(high, point.parameters);
      trials.x.push_back(point.parameters);
      trials.y.push_back(point.loss);
      trials.tips.push_back(tip_of(point));
    }
    if (low < high && std::isfinite(optimum.curvature)) {
      Series line = parabola(optimum, low, high);
      line.style = style;
      line.name = trials.title + " parabola";
      plot.series.push_back(std::move(line));
      vertices.x.push_back(optimum.point.optimal_parameters);
      vertices.y.push_back(optimum.point.loss);
      vertices.tips.push_back(tip_of(architecture, optimum));
      curves = true;
    }
    plot.series.push_back(std::move(trials));
  }
  if (!curves) plot.series.clear();
  plot.series.push_back(std::move(vertices));
  const bool surface = study.frontiers[place].frontier &&
                       study.frontiers[place].frontier->kind == FrontierKind::Surface;
  plot.caption = fmt::format(
      "One colour a budget; rings: vertices. {} Budgets without a line do not count: their best "
      "size "
      "is at the grid's edge.",
      surface ? "All lines are one surface: they share curvature, and N* is a power of compute."
              : "Each line is the least-squares parabola in ln N of its budget.");
  if (optima.size() > kMostBudgetsDrawn) {
    plot.caption += fmt::format(" {} of {} budgets are drawn.", kMostBudgetsDrawn, optima.size());
  }
  return plot;
}

struct Quantity {
  const char* name;
  const char* title;
  const char* axis;
  double (*value)(const Optimum&);
  const std::optional<Interval>& (*interval)(const Optimum&);
  double (*of_law)(const EfficientPoint&);
};

constexpr Quantity kQuantities[] = {
    {"best_size_against_compute", "Best size against compute.", "best size N* (parameters)",
     [](const Optimum& o) { return o.point.optimal_parameters; },
     [](const Optimum& o) -> const std::optional<Interval>& { return o.parameters; },
     [](const EfficientPoint& p) { return p.parameters; }},
    {"best_tokens_against_compute", "Best tokens against compute.", "tokens D* at the best size",
     [](const Optimum& o) { return o.tokens; },
     [](const Optimum& o) -> const std::optional<Interval>& { return o.token_interval; },
     [](const EfficientPoint& p) { return p.tokens; }},
    {"tokens_per_parameter_against_compute", "Tokens per parameter against compute.",
     "D* / N* (tokens per parameter)",
     [](const Optimum& o) { return o.tokens / o.point.optimal_parameters; },
     [](const Optimum& o) -> const std::optional<Interval>& { return o.tokens_per_parameter; },
     [](const EfficientPoint& p) { return p.tokens / p.parameters; }}};

Plot optimum_plot(const StudyResults& study, const Quantity& quantity) {
  Plot plot;
  plot.name = quantity.name;
  plot.title = quantity.title;
  plot.x = compute_axis();
  plot.y = {quantity.axis, true, false, {}};
  std::vector<Series> behind, front;
  bool edges = false;
  for (std::size_t i = 0; i < study.architectures.size(); ++i) {
    const std::string& architecture = study.architectures[i];
    if (law_draws_frontier(study, i)) {
      LawLine law = law_line(study, i, quantity.of_law);
      behind.push_back(std::move(law.band));
      front.push_back(std::move(law.line));
      continue;
    }
    Series inner = series_of(study, architecture, SeriesKind::LinesPoints, architecture);
    Series edge = series_of(study, architecture, SeriesKind::Points, "");
    edge.name = architecture + " at the grid's edge";
    edge.hollow = true;
    Series band = series_of(study, architecture, SeriesKind::Band, "");
    for (const Optimum& optimum : study.frontiers[i].optima) {
      Series& series = optimum.point.used ? inner : edge;
      series.x.push_back(optimum.point.flops);
      series.y.push_back(quantity.value(optimum));
      series.tips.push_back(tip_of(architecture, optimum));
      const std::optional<Interval>& interval = quantity.interval(optimum);
      if (!interval) continue;
      band.x.push_back(optimum.point.flops);
      band.low.push_back(interval->first);
      band.high.push_back(interval->second);
    }
    edges = edges || !edge.x.empty();
    if (band.x.size() > 1) behind.push_back(std::move(band));
    front.push_back(std::move(inner));
    front.push_back(std::move(edge));
  }
  plot.caption = behind.empty() ? "Total parameters." : "Total parameters. Bands: 95 % intervals.";
  if (edges) {
    plot.caption +=
        " Open markers: the best size is at the grid's edge, the budget does not count.";
  }
  plot.series = std::move(behind);
  plot.series.insert(plot.series.end(), front.begin(), front.end());
  return plot;
}

}  // namespace

Plots isoflop_plots(const StudyResults& study) {
  Plots plots;
  for (std::size_t i = 0; i < study.architectures.size(); ++i) {
    plots.push_back(isoflop_plot(study, i));
    plots.back().name = fmt::format("isoflop_{}", i + 1);
  }
  return plots;
}

Plots optimum_plots(const StudyResults& study) {
  Plots plots;
  for (const Quantity& quantity : kQuantities) plots.push_back(optimum_plot(study, quantity));
  return plots;
}

}  // namespace isoloss
