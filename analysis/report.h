// `isoloss report`: one self-contained HTML file, with the plots as SVG and the tables as CSV
// beside it.
#pragma once
#include <cstdint>
#include <filesystem>
#include <string>
#include <vector>

#include "analysis/points.h"

namespace isoloss {

struct ReportOptions {
  std::string baseline = "transformer";
  std::uint64_t seed = 1;
  int bootstrap = 1000;
  double from_budget = 0;  // smaller nominal budgets are shown, not fitted
};

// Writes FOLDER/report.html, FOLDER/report/*.svg and *.csv from one or more study folders and
// returns the path of the page. InputError where nothing is there to report; WorkError where
// gnuplot is missing or fails.
std::filesystem::path write_report(const std::vector<std::filesystem::path>& folders,
                                   const ReportOptions& options);

}  // namespace isoloss
