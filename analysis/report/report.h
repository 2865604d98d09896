// `isoloss report`: one self-contained HTML file, with the plots as SVG and all tables and plotted
// series as CSV beside it.
#pragma once
#include <cstdint>
#include <filesystem>
#include <optional>
#include <string>
#include <vector>

#include "analysis/points/points.h"

namespace isoloss {

struct ReportOptions {
  std::string baseline = "transformer";
  std::uint64_t seed = 1;
  int bootstrap = 1000;
  double from_budget = 0;       // smaller nominal budgets are shown, not fitted
  double resolve_percent = 10;  // the saving that the next study should tell from none
  std::filesystem::path out;    // folder of the page; empty: the study's own, FILE-report of a CSV
};

struct WrittenReport {
  std::filesystem::path page;
  std::string digest;                 // of the input (points_digest.h)
  std::vector<std::string> left_out;  // files of scores that cannot be read, and why
};

// InputError naming the option that is out of range: nothing is written then.
void check_options(const ReportOptions& options);

// Writes report.html, report/*.svg and report/*.csv from one or more study folders, or from one CSV
// of points. `points`: what read_sources (report_sources.h) read of them, where somebody did.
// InputError where nothing is there to report; WorkError where gnuplot is missing or fails.
WrittenReport write_report(const std::vector<std::filesystem::path>& sources,
                           const ReportOptions& options,
                           std::optional<PointTable> points = std::nullopt);

}  // namespace isoloss
