#include "analysis/report/report_sources.h"

#include <fmt/format.h>

#include <algorithm>
#include <set>
#include <string>
#include <utility>

#include "model/spec/error.h"

namespace isoloss {

PointTable read_sources(const std::vector<std::filesystem::path>& sources) {
  if (sources.empty()) {
    throw InputError(
        "no study to report (no folder was given); name the folder of a study, or a CSV of points");
  }
  std::error_code error;
  for (const auto& source : sources) {
    if (std::filesystem::is_directory(source, error)) continue;
    if (!std::filesystem::exists(source, error)) {
      throw InputError(
          fmt::format("{}: no study (there is no such folder or file); give the folder that "
                      "`isoloss run` wrote, or a CSV of points",
                      source.string()));
    }
    if (sources.size() > 1) {
      throw InputError(fmt::format(
          "{}: a CSV beside other sources (a report is of study folders or of one CSV); "
          "report it alone",
          source.string()));
    }
    return read_points_csv(source);
  }
  PointTable table = read_points_folder(sources.front(), "exact", true);
  std::set<std::string> seen;
  for (const RunRecord& run : table.runs) seen.insert(run.header.id);
  for (std::size_t i = 1; i < sources.size(); ++i) {
    PointTable more = read_points_folder(sources[i], "exact", true);
    if (more.tokenizer_hash != table.tokenizer_hash || more.held_out_hash != table.held_out_hash) {
      throw InputError(
          fmt::format("{} and {}: one report cannot hold both (their tokenizer or "
                      "held-out text differ, so losses do not compare); report them "
                      "apart",
                      table.source, more.source));
    }
    std::set<std::string> added;
    for (RunRecord& run : more.runs) {
      if (seen.contains(run.header.id)) continue;
      added.insert(run.header.id);
      table.runs.push_back(std::move(run));
    }
    for (Point& point : more.points) {
      if (added.contains(point.run)) table.points.push_back(std::move(point));
    }
    for (Decision& decision : more.decisions) {
      const bool known = std::any_of(table.decisions.begin(), table.decisions.end(),
                                     [&](const Decision& d) { return d.key == decision.key; });
      if (!known) table.decisions.push_back(std::move(decision));
    }
    seen.merge(added);
  }
  return table;
}

}  // namespace isoloss
