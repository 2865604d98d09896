// The numbers of a plot as CSV, so that it can be drawn with another program or checked.
#pragma once
#include <string>

#include "analysis/plot/plot.h"

namespace isoloss {

// One row a point of every series, level and label: series,kind,x,y,low,high,point. Comment lines
// before the header say what the plot is, what its axes are and `origin`, which names the data.
// kind is points, line, band, level or label; `point` is what the marker's tooltip says, on one
// line. Every point is written, also one that the axes cannot show.
std::string plot_csv(const Plot& plot, const std::string& origin);

}  // namespace isoloss
