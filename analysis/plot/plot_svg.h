// gnuplot's SVG made fit for a page: scales with its container, follows the page's light or dark
// colours, and shares a document with other plots without a clash of ids.
#pragma once
#include <string>
#include <string_view>
#include <vector>

namespace isoloss {

struct ThemedSvg {
  std::string inlined;     // an <svg> element; its classes are styled by plot_style() of the page
  std::string standalone;  // a whole SVG file with its own style
};

// `name` prefixes every id; `title` (plain text) is what a screen reader says; `tips` as in
// PlotScript, each the <title> of its marker, which browsers show without a script. Empty where the
// text is not gnuplot's or its markers are not those of `tips`.
ThemedSvg themed_svg(std::string_view gnuplot_svg, const std::string& name,
                     const std::string& title,
                     const std::vector<std::vector<std::string>>& tips = {});

}  // namespace isoloss
