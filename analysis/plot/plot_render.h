// Runs gnuplot as a child process, without a shell.
#pragma once
#include <filesystem>
#include <string>

#include "analysis/plot/plot.h"
#include "analysis/plot/plot_svg.h"

namespace isoloss {

// Writes FOLDER/NAME.gnuplot, draws it, and writes FOLDER/NAME.svg and NAME.csv, the numbers drawn
// with `origin` as in plot_csv; returns both forms of the SVG. WorkError where gnuplot is not
// installed or refuses the script (its own words quoted).
ThemedSvg render_plot(const Plot& plot, const std::filesystem::path& folder,
                      const std::string& origin);

}  // namespace isoloss
