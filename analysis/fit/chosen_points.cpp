#include "analysis/fit/chosen_points.h"

#include <fmt/format.h>

#include <algorithm>
#include <string>

#include "analysis/points/comparable_rows.h"
#include "model/spec/error.h"
#include "model/spec/nearest_name.h"

namespace isoloss {

ChosenPoints chosen_points(const PointTable& table, const FitOptions& options) {
  ChosenPoints chosen;
  for (std::size_t i = 0; i < table.points.size(); ++i) {
    const Point& point = table.points[i];
    if (!is_result(point) || point.budget < options.from_budget) continue;
    if (!options.architecture.empty() && point.architecture != options.architecture) continue;
    chosen.points.push_back(point);
    chosen.rows.push_back(i);
  }
  if (chosen.points.empty()) {
    const std::vector<std::string> known = architectures_of(table);
    if (!options.architecture.empty() &&
        std::find(known.begin(), known.end(), options.architecture) == known.end()) {
      throw InputError(fmt::format("{}: no architecture '{}' (no point is of it){}", table.source,
                                   options.architecture, suggestion(options.architecture, known)));
    }
    throw InputError(
        fmt::format("{}: nothing to fit (every point lost a search or lies below the "
                    "smallest budget); lower the smallest budget",
                    table.source));
  }
  require_one_convention(table, chosen.rows);
  return chosen;
}

}  // namespace isoloss
