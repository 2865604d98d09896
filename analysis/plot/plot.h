// A plot as data, and the gnuplot script that draws it. The script carries its own numbers, so that
// it can be rerun and read beside the picture. Labels are plain text: nothing in them is
// interpreted.
#pragma once
#include <cstddef>
#include <optional>
#include <string>
#include <vector>

namespace isoloss {

enum class SeriesKind { Points, Lines, LinesPoints, Band };

struct Series {
  std::string title;  // key entry; empty for none
  int style = 1;      // 1..: colour, marker and dash together; 0: text colour, a thin dotted line
  SeriesKind kind = SeriesKind::Points;
  std::vector<double> x, y;
  std::vector<double> low, high;  // Band: its edges (y empty); otherwise error bars, or empty
  double scale = 1;               // of markers and line width
  bool hollow = false;            // outlined markers
  std::vector<std::string> tips;  // what each marker says when pointed at, or empty; plain text
  std::string name;               // in the CSV; empty: the title
};

struct Axis {
  std::string label;
  bool logarithmic = false;
  bool reversed = false;
  std::vector<double> ticks;  // empty: chosen from the data
};

// The y axis once more on the right, in another unit: the value there is y * per_unit.
struct SecondAxis {
  std::string label;
  double per_unit = 1;
};

// Words inside the plot, to the right of a point.
struct PlotLabel {
  double x = 0, y = 0;
  std::string text;
};

struct Plot {
  std::string name;     // file stem
  std::string title;    // caption, first words
  std::string caption;  // how to read it
  Axis x, y;
  std::vector<Series> series;
  // Horizontal lines across the plot, with key entries: value and title.
  std::vector<std::pair<double, std::string>> levels;
  std::optional<SecondAxis> second = {};
  std::vector<PlotLabel> labels = {};
};

// Width and height of every plot's view box, chosen to stay readable at 360 pixels.
inline constexpr int kPlotWidth = 480;
inline constexpr int kPlotHeight = 400;

// Of a series with more markers than a page can hold every how-manieth is drawn; 1: all of them.
inline constexpr std::size_t kMostMarkers = 3000;
std::size_t marker_stride(const Series& series);

// Whether any series has a finite point.
bool has_data(const Plot& plot);

struct PlotScript {
  std::string text;
  // By `plot` clause of the script: what its markers say, in the order they are drawn; empty for a
  // clause whose markers say nothing.
  std::vector<std::vector<std::string>> tips;
};

// A complete script that writes SVG on standard output. Values that are not finite, or not positive
// on a logarithmic axis, are left out.
PlotScript gnuplot_script(const Plot& plot);

}  // namespace isoloss
