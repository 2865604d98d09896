// The report's plots, from the study alone. A plot without data is not in the list.
#pragma once
#include <string>
#include <vector>

#include "analysis/plot/plot.h"
#include "analysis/report/report_study.h"

namespace isoloss {

struct PlotSection {
  std::string heading;  // empty for the first, which stands right under the page's first words
  std::vector<Plot> plots;
};

// What a reader looks for first, first: data with frontier or law and its band, savings, residuals;
// then sizes, savings, laws, learning rates and curves, one-shot scores. Names are unique.
std::vector<PlotSection> report_plots(const StudyResults& study);

}  // namespace isoloss
