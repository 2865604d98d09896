// The look of the report: colours for light and dark, safe for colour-blind readers (after Okabe
// and Ito 2008, lightened for dark pages), and the layout from a phone's width up.
#pragma once
#include <string>

namespace isoloss {

// Inks 1 to kInks are series colours; more series wrap around with other markers and dashes.
inline constexpr int kInks = 8;

// "#rrggbb" of ink 1..kInks on a light page.
std::string ink_colour(int ink);

// CSS of plots alone: colours of the classes ink-1.., ink-muted and plot, for both schemes. Goes
// into the page once, or into each SVG file.
std::string plot_style();
// CSS of the page around them.
std::string page_style();

}  // namespace isoloss
