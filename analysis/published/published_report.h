// `isoloss report` on a folder of published results: each printed number beside what the paper's
// own rows give.
#pragma once
#include <filesystem>
#include <nlohmann/json.hpp>
#include <string>
#include <vector>

#include "analysis/published/published_check.h"
#include "analysis/published/published_folder.h"

namespace isoloss {

struct TableFindings {
  std::string table, title;
  CheckResult result;
};

struct PublishedReport {
  std::filesystem::path page;
  std::vector<TableFindings> tables;  // in the order of published.json

  std::size_t count(Reproduction outcome) const;
};

// Reads the folder, runs its checks and writes OUT/report.html with OUT/report/*.csv and *.svg; the
// folder itself is only read. InputError as read_published and the checks; WorkError where OUT
// cannot be written or gnuplot is missing or fails.
PublishedReport write_published_report(const std::filesystem::path& folder,
                                       const std::filesystem::path& out);

// {"report", "counts": {"reproduces", "does_not", "cannot_be_recomputed"}, "findings": [{"table",
// "claim", "printed", "recomputed", "difference", "outcome", "verdict"}]}; null where there is no
// number.
nlohmann::json to_json(const PublishedReport& report);

}  // namespace isoloss
