#include "analysis/plot/plot.h"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <cmath>
#include <limits>

#include "analysis/plot/html_style.h"
#include "analysis/plot/plot_ticks.h"

namespace isoloss {
namespace {

// Filled marker, its outline and dash of a style; styles differ in all three, so that no reader
// needs the colour.
struct Look {
  int filled, hollow;
  const char* dash;
};
constexpr std::array<Look, 6> kLooks{{{7, 6, "1"},
                                      {5, 4, "(9,4)"},
                                      {9, 8, "(9,3,2,3)"},
                                      {13, 12, "(4,3)"},
                                      {11, 10, "(12,3,2,3,2,3)"},
                                      {15, 14, "(2,2)"}}};

const Look& look_of(int style) {
  return kLooks[static_cast<std::size_t>(std::max(style, 1) - 1) % kLooks.size()];
}

std::string quoted(const std::string& text) {
  std::string out = "'";
  for (const char character : text) {
    if (static_cast<unsigned char>(character) < 0x20) {
      out += ' ';
    } else {
      out += character;
      if (character == '\'') out += '\'';
    }
  }
  return out + "'";
}

bool shows(double value, const Axis& axis) {
  return std::isfinite(value) && (!axis.logarithmic || value > 0);
}

struct Range {
  double low = std::numeric_limits<double>::infinity();
  double high = -std::numeric_limits<double>::infinity();
  void take(double value, const Axis& axis) {
    if (!shows(value, axis)) return;
    low = std::min(low, value);
    high = std::max(high, value);
  }
};

Range padded(Range range, const Axis& axis) {
  if (!(range.low <= range.high)) return {axis.logarithmic ? 1.0 : 0.0, 10.0};
  if (axis.logarithmic) {
    const double ratio = range.high / range.low;
    const double pad = ratio < 1.02 ? 1.4 : std::pow(ratio, 0.05);
    return {range.low / pad, range.high * pad};
  }
  const double span = range.high - range.low;
  const double pad = span > 0 ? 0.06 * span : std::max(0.05, 0.05 * std::abs(range.low));
  return {range.low - pad, range.high + pad};
}

// `name`: x, y or y2.
std::string axis_commands(const std::string& name, const Axis& axis, const Range& range) {
  std::string out;
  if (axis.logarithmic) out += fmt::format("set logscale {} 10\n", name);
  out += fmt::format("set {}range [{}:{}]\n", name, axis.reversed ? range.high : range.low,
                     axis.reversed ? range.low : range.high);
  out += fmt::format("set {}label {} offset {}\n", name, quoted(axis.label),
                     name == "x" ? "0,0.8" : "0,0");
  std::vector<double> ticks = axis.ticks;
  std::erase_if(ticks, [&](double tick) { return tick < range.low || tick > range.high; });
  if (ticks.empty())
    ticks = choose_ticks(range.low, range.high, axis.logarithmic, name == "x" ? 5 : 6);
  out += fmt::format("set {}tics nomirror (", name);
  for (std::size_t i = 0; i < ticks.size(); ++i) {
    out += fmt::format("{}{} {}", i ? ", " : "", quoted(tick_label(ticks[i])), ticks[i]);
  }
  return out + ")\n";
}

bool shows(const Plot& plot, const Series& series, std::size_t i) {
  if (i % marker_stride(series) != 0) return false;
  if (!shows(series.x[i], plot.x)) return false;
  if (series.kind != SeriesKind::Band) return shows(series.y[i], plot.y);
  return shows(series.low[i], plot.y) && shows(series.high[i], plot.y);
}

// "x y" of each point, or "x low high" of a band.
std::string data_block(const Plot& plot, const Series& series, std::size_t index) {
  std::string out = fmt::format("$series{} << END_OF_DATA\n", index);
  for (std::size_t i = 0; i < series.x.size(); ++i) {
    if (!shows(plot, series, i)) continue;
    if (series.kind == SeriesKind::Band) {
      out += fmt::format("{} {} {}\n", series.x[i], series.low[i], series.high[i]);
    } else {
      out += fmt::format("{} {}\n", series.x[i], series.y[i]);
    }
  }
  return out + "END_OF_DATA\n";
}

// What the markers of the series say, of those that are drawn.
std::vector<std::string> drawn_tips(const Plot& plot, const Series& series) {
  std::vector<std::string> out;
  const bool marks = series.kind == SeriesKind::Points || series.kind == SeriesKind::LinesPoints;
  for (std::size_t i = 0; marks && i < series.tips.size(); ++i) {
    if (shows(plot, series, i)) out.push_back(series.tips[i]);
  }
  return out;
}

// Error bars as line segments: gnuplot's own error bars erase a white disc behind each marker,
// which shows on a dark page. Empty where the series has none.
std::string bar_block(const Plot& plot, const Series& series, std::size_t index) {
  if (series.kind == SeriesKind::Band) return "";
  std::string bars;
  for (std::size_t i = 0; i < series.low.size(); ++i) {
    if (!shows(series.x[i], plot.x) || !shows(series.low[i], plot.y)) continue;
    if (!shows(series.high[i], plot.y)) continue;
    bars += fmt::format("{0} {1}\n{0} {2}\n\n", series.x[i], series.low[i], series.high[i]);
  }
  if (bars.empty()) return "";
  return fmt::format("$bars{} << END_OF_DATA\n{}END_OF_DATA\n", index, bars);
}

// The plot clause of one series.
std::string clause_of(const Series& series, std::size_t index) {
  const Look& look = look_of(series.style);
  const std::string colour = series.style == 0 ? "black" : ink_colour(series.style);
  const std::string title = series.title.empty() ? "notitle" : "title " + quoted(series.title);
  const std::string data = fmt::format("$series{}", index);
  const std::string line = fmt::format("lw {:.3g} dt {} lc rgb '{}'", 1.6 * series.scale,
                                       series.style == 0 ? "(1,3)" : look.dash, colour);
  const std::string marker = fmt::format(
      "pt {} ps {:.3g}", series.hollow ? look.hollow : look.filled, 0.62 * series.scale);
  if (series.kind == SeriesKind::Band) {
    return fmt::format(
        "{} using 1:2:3 with filledcurves fs transparent solid 0.15 noborder lc rgb '{}' {}", data,
        colour, title);
  }
  if (series.kind == SeriesKind::Points) {
    return fmt::format("{} using 1:2 with points {} lw 1 lc rgb '{}' {}", data, marker, colour,
                       title);
  }
  if (series.kind == SeriesKind::Lines) {
    return fmt::format("{} using 1:2 with lines {} {}", data, line, title);
  }
  return fmt::format("{} using 1:2 with linespoints {} {} {}", data, line, marker, title);
}

std::string second_axis_commands(const Plot& plot, const Range& y) {
  if (!plot.second) return "";
  const double unit = plot.second->per_unit;
  Axis axis;
  axis.label = plot.second->label;
  axis.logarithmic = plot.y.logarithmic;
  axis.reversed = plot.y.reversed;
  return axis_commands("y2", axis, {y.low * unit, y.high * unit});
}

std::string label_commands(const Plot& plot) {
  std::string out;
  for (const PlotLabel& label : plot.labels) {
    if (!shows(label.x, plot.x) || !shows(label.y, plot.y)) continue;
    out += fmt::format("set label {} at {},{} offset 0.4,0 font ',11' front\n", quoted(label.text),
                       label.x, label.y);
  }
  return out;
}

}  // namespace

std::size_t marker_stride(const Series& series) {
  if (series.kind != SeriesKind::Points) return 1;
  return std::max<std::size_t>(1, (series.x.size() + kMostMarkers - 1) / kMostMarkers);
}

bool has_data(const Plot& plot) {
  for (const Series& series : plot.series) {
    for (std::size_t i = 0; i < series.x.size(); ++i) {
      if (shows(plot, series, i)) return true;
    }
  }
  return false;
}

PlotScript gnuplot_script(const Plot& plot) {
  PlotScript script;
  Range x, y;
  std::vector<std::string> parts;
  std::string data;
  const auto add = [&](std::string clause, std::vector<std::string> tips) {
    parts.push_back(std::move(clause));
    script.tips.push_back(std::move(tips));
  };
  for (std::size_t i = 0; i < plot.series.size(); ++i) {
    const Series& series = plot.series[i];
    for (const double value : series.x) x.take(value, plot.x);
    for (const auto* values : {&series.y, &series.low, &series.high}) {
      for (const double value : *values) y.take(value, plot.y);
    }
    Plot one = plot;
    one.series = {series};
    if (!has_data(one)) continue;  // gnuplot refuses an empty block
    const std::string bars = bar_block(plot, series, i);
    data += data_block(plot, series, i) + bars;
    if (!bars.empty()) {
      add(fmt::format("$bars{} using 1:2 with lines lw 1 dt 1 lc rgb '{}' notitle", i,
                      ink_colour(std::max(series.style, 1))),
          {});
    }
    add(clause_of(series, i), drawn_tips(plot, series));
  }
  for (const auto& level : plot.levels) y.take(level.first, plot.y);
  const Range wide = padded(x, plot.x), high = padded(y, plot.y);
  for (const auto& [value, title] : plot.levels) {
    data += fmt::format("$level{} << END_OF_DATA\n{} {}\n{} {}\nEND_OF_DATA\n", parts.size(),
                        wide.low, value, wide.high, value);
    add(fmt::format("$level{} using 1:2 with lines lw 1.2 dt (1,3) lc rgb 'black' {}", parts.size(),
                    title.empty() ? "notitle" : "title " + quoted(title)),
        {});
  }
  std::string& out = script.text;
  out = fmt::format(
      "# Draw again: gnuplot -d {0}.gnuplot > {0}.svg\nset encoding utf8\nset terminal svg size "
      "{1},{2} noenhanced font 'sans-serif,13'\n",
      plot.name, kPlotWidth, kPlotHeight);
  out += fmt::format(
      "set border {} lc rgb 'black'\nset grid back lt 1 lw 0.6 lc rgb 'gray'\nset tics scale 0.5\n"
      "set key outside bottom left horizontal reverse Left samplen 2.6 width 1 height 1 font "
      "',12'\n",
      plot.second ? 11 : 3);
  out += axis_commands("x", plot.x, wide) + axis_commands("y", plot.y, high) +
         second_axis_commands(plot, high) + label_commands(plot) + data + "plot ";
  for (std::size_t i = 0; i < parts.size(); ++i) {
    if (i > 0) out += ", \\\n     ";
    out += parts[i];
  }
  out += "\n";
  return script;
}

}  // namespace isoloss
