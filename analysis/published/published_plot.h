// Plots that published.json asks for: one column of a table against another, a series for each text
// of a third.
#pragma once
#include <vector>

#include "analysis/plot/plot.h"
#include "analysis/published/published_folder.h"

namespace isoloss {

// InputError: an unknown key or column, no name, a plot without a point.
std::vector<Plot> published_plots(const PublishedFolder& folder, const PublishedTable& table);

}  // namespace isoloss
