#include <fmt/format.h>

#include <algorithm>
#include <cmath>

#include "analysis/plot/number_text.h"
#include "analysis/plot/plot_ticks.h"
#include "analysis/report/report_plot_families.h"
#include "analysis/report/report_plot_parts.h"

namespace isoloss {
namespace {

constexpr int kCurvePoints = 61;

double predicted(const ArchitectureLaw& law, const Point& point) {
  return law.law.loss(point.parameters, point.tokens);
}

// ln(measured / predicted) in percent: above zero the trial did worse than the law says.
double residual(const ArchitectureLaw& law, const Point& point) {
  return 100 * std::log(point.loss / predicted(law, point));
}

std::string tip_of(const ArchitectureLaw& law, const Point& point) {
  return fmt::format("{}\npredicted {}, residual {:+.2f} %", tip_of(point),
                     fixed(predicted(law, point), 4), residual(law, point));
}

// The fitted points of every law that there is, in its architecture's colours.
template <typename X, typename Y>
std::vector<Series> fitted_points(const StudyResults& study, const X& x, const Y& y) {
  std::vector<Series> all;
  for (std::size_t i = 0; i < study.architectures.size(); ++i) {
    const ArchitectureLaw& law = study.laws[i];
    if (!law.fit) continue;
    const std::string& architecture = study.architectures[i];
    Series series = series_of(study, architecture, SeriesKind::Points, architecture);
    series.scale = 0.8;
    for (const std::size_t at : drawn_places(law.points.size(), kMostDrawn)) {
      const Point& point = law.points[at];
      series.x.push_back(x(point));
      series.y.push_back(y(law, point));
      series.tips.push_back(tip_of(law, point));
    }
    all.push_back(std::move(series));
  }
  return all;
}

struct ResidualAxis {
  const char* name;
  const char* words;
  const char* label;
  double (*value)(const Point&);
};

constexpr ResidualAxis kAxes[] = {
    {"residuals_against_parameters", "parameters", "parameters N",
     [](const Point& p) { return p.parameters; }},
    {"residuals_against_tokens", "tokens", "tokens D", [](const Point& p) { return p.tokens; }},
    {"residuals_against_tokens_per_parameter", "tokens per parameter",
     "D / N (tokens per parameter)", [](const Point& p) { return p.tokens / p.parameters; }}};

Plot residual_plot(const StudyResults& study, const ResidualAxis& axis) {
  Plot plot;
  plot.name = axis.name;
  plot.title = fmt::format("Residuals of the law against {}.", axis.words);
  plot.caption =
      "ln(measured / predicted) of every fitted trial, by the chinchilla law of its architecture. "
      "A "
      "pattern here is what the law cannot say.";
  plot.x = {axis.label, true, false, {}};
  plot.y = {"residual (%)", false, false, {}};
  plot.levels = {{0.0, ""}};
  plot.series = fitted_points(study, axis.value, residual);
  return plot;
}

Plot parity_plot(const StudyResults& study) {
  Plot plot;
  plot.name = "parity";
  plot.title = "Predicted against measured loss.";
  plot.caption = "The chinchilla law of each architecture; on the dotted line it is exact.";
  plot.x = {"measured loss (nats per token)", true, false, {}};
  plot.y = {"predicted loss (nats per token)", true, false, {}};
  plot.series = fitted_points(
      study, [](const Point& p) { return p.loss; }, predicted);
  if (plot.series.empty()) return plot;
  double low = INFINITY, high = 0;
  for (const Series& series : plot.series) {
    for (const auto* values : {&series.x, &series.y}) {
      low = std::min(low, *std::min_element(values->begin(), values->end()));
      high = std::max(high, *std::max_element(values->begin(), values->end()));
    }
  }
  Series equal;
  equal.name = equal.title = "predicted = measured";
  equal.style = 0;
  equal.kind = SeriesKind::Lines;
  equal.x = equal.y = {low, high};
  plot.series.push_back(std::move(equal));
  return plot;
}

struct Box {
  double low = INFINITY, high = 0;
  void take(double value) {
    low = std::min(low, value);
    high = std::max(high, value);
  }
  double at(int i) const { return low * std::pow(high / low, i / (kCurvePoints - 1.0)); }
};

// The line of one loss: D at each N, inside the box of the data.
Series contour(const ChinchillaLaw& law, double loss, const Box& parameters, const Box& tokens) {
  Series line;
  line.style = 7;
  line.scale = 0.7;
  line.kind = SeriesKind::Lines;
  line.name = fmt::format("loss {}", fixed(loss, 4));
  for (int i = 0; i < kCurvePoints; ++i) {
    const double n = parameters.at(i);
    const double rest = loss - law.E - law.A * std::pow(n, -law.alpha);
    if (!(rest > 0)) continue;
    const double d = std::pow(law.B / rest, 1 / law.beta);
    if (d < tokens.low || d > tokens.high) continue;
    line.x.push_back(n);
    line.y.push_back(d);
  }
  return line;
}

Plot contour_plot(const StudyResults& study, std::size_t place) {
  const ArchitectureLaw& fitted = study.laws[place];
  const std::string& architecture = study.architectures[place];
  Plot plot;
  plot.title = fmt::format("Loss over size and tokens, {}.", architecture);
  plot.caption =
      "Lines of equal loss by the chinchilla law, labelled in nats; markers: trials; thick line: "
      "the "
      "efficient frontier, the best use of any compute.";
  plot.x = {"parameters N", true, false, {}};
  plot.y = {"tokens D", true, false, {}};
  if (!fitted.fit) return plot;
  Box parameters, tokens, flops;
  for (const Point& point : fitted.points) {
    parameters.take(point.parameters);
    tokens.take(point.tokens);
    flops.take(point.flops);
  }
  const double best = fitted.law.loss(parameters.high, tokens.high);
  const double worst = fitted.law.loss(parameters.low, tokens.low);
  for (const double level : choose_ticks(best, worst, false, 9)) {
    Series line = contour(fitted.law, level, parameters, tokens);
    if (line.x.size() < 2) continue;
    plot.labels.push_back({line.x.back(), line.y.back(), tick_label(level)});
    plot.series.push_back(std::move(line));
  }
  Series trials = series_of(study, architecture, SeriesKind::Points, "trials");
  trials.name = "trials";
  trials.scale = 0.7;
  for (const std::size_t at : drawn_places(fitted.points.size(), kMostDrawn)) {
    const Point& point = fitted.points[at];
    trials.x.push_back(point.parameters);
    trials.y.push_back(point.tokens);
    trials.tips.push_back(tip_of(fitted, point));
  }
  Series frontier = series_of(study, architecture, SeriesKind::Lines, "efficient frontier");
  frontier.name = "efficient frontier";
  frontier.scale = 1.5;
  for (int i = 0; i < kCurvePoints; ++i) {
    const EfficientPoint point = efficient_point(fitted.law, flops.at(i), fitted.flops_per_product);
    if (point.parameters < parameters.low || point.parameters > parameters.high) continue;
    frontier.x.push_back(point.parameters);
    frontier.y.push_back(point.tokens);
  }
  plot.series.push_back(std::move(trials));
  plot.series.push_back(std::move(frontier));
  return plot;
}

}  // namespace

LawLine law_line(const StudyResults& study, std::size_t place,
                 double (*value)(const EfficientPoint&)) {
  const ArchitectureLaw& fitted = study.laws[place];
  const std::string& architecture = study.architectures[place];
  LawLine out{series_of(study, architecture, SeriesKind::Band, ""),
              series_of(study, architecture, SeriesKind::Lines, architecture + " law")};
  out.line.name = architecture + " law at its best sizes";
  if (!fitted.fit) return out;
  Box flops;
  for (const Point& point : fitted.points) flops.take(point.flops);
  std::vector<ChinchillaLaw> draws;
  if (fitted.draws_give_intervals()) draws = fitted.drawn();
  for (int i = 0; i < kCurvePoints; ++i) {
    const double x = flops.at(i);
    out.line.x.push_back(x);
    out.line.y.push_back(value(efficient_point(fitted.law, x, fitted.flops_per_product)));
    std::vector<double> values;
    for (const ChinchillaLaw& law : draws) {
      values.push_back(value(efficient_point(law, x, fitted.flops_per_product)));
    }
    const auto interval = percentile_interval(values, 0.95);
    if (!interval) continue;
    out.band.x.push_back(x);
    out.band.low.push_back(interval->first);
    out.band.high.push_back(interval->second);
  }
  return out;
}

bool law_draws_frontier(const StudyResults& study, std::size_t place) {
  if (!study.laws[place].fit) return false;
  const auto& optima = study.frontiers[place].optima;
  return std::none_of(optima.begin(), optima.end(),
                      [](const Optimum& optimum) { return std::isfinite(optimum.curvature); });
}

Plots residual_plots(const StudyResults& study) {
  Plots plots;
  for (const ResidualAxis& axis : kAxes) plots.push_back(residual_plot(study, axis));
  return plots;
}

Plots law_plots(const StudyResults& study) {
  Plots plots{parity_plot(study)};
  for (std::size_t i = 0; i < study.architectures.size(); ++i) {
    plots.push_back(contour_plot(study, i));
    plots.back().name = fmt::format("contours_{}", i + 1);
  }
  return plots;
}

}  // namespace isoloss
