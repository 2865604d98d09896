#include "analysis/plot/plot_csv.h"

#include <fmt/format.h>

#include <algorithm>
#include <cmath>

#include "results/csv.h"

namespace isoloss {
namespace {

// Of one line, whatever is in it.
std::string one_line(std::string text, const std::string& between) {
  std::string out;
  for (const char character : text) {
    if (static_cast<unsigned char>(character) >= 0x20) {
      out += character;
    } else {
      out += between;
    }
  }
  return out;
}

std::string field(double value) {
  return std::isfinite(value) ? fmt::format("{}", value) : std::string();
}

std::string at(const std::vector<double>& values, std::size_t i) {
  return i < values.size() ? field(values[i]) : std::string();
}

const char* kind_name(SeriesKind kind) {
  switch (kind) {
    case SeriesKind::Points:
    case SeriesKind::LinesPoints:
      return "points";
    case SeriesKind::Lines:
      return "line";
    case SeriesKind::Band:
      break;
  }
  return "band";
}

}  // namespace

std::string plot_csv(const Plot& plot, const std::string& origin) {
  std::string out = fmt::format("# {} {}\n# x: {}; y: {}\n# {}\n", one_line(plot.title, " "),
                                one_line(plot.caption, " "), one_line(plot.x.label, " "),
                                one_line(plot.y.label, " "), one_line(origin, " "));
  out += "series,kind,x,y,low,high,point\n";
  for (const Series& series : plot.series) {
    for (std::size_t i = 0; i < series.x.size(); ++i) {
      out += fmt::format("{},{},{},{},{},{},{}\n",
                         csv_field(series.name.empty() ? series.title : series.name),
                         kind_name(series.kind), field(series.x[i]), at(series.y, i),
                         at(series.low, i), at(series.high, i),
                         csv_field(i < series.tips.size() ? one_line(series.tips[i], "; ") : ""));
    }
  }
  for (const auto& [value, title] : plot.levels) {
    out += fmt::format("{},level,,{},,,\n", csv_field(title), field(value));
  }
  for (const PlotLabel& label : plot.labels) {
    out +=
        fmt::format("{},label,{},{},,,\n", csv_field(label.text), field(label.x), field(label.y));
  }
  return out;
}

}  // namespace isoloss
