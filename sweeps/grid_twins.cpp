#include "sweeps/grid_twins.h"

#include <fmt/format.h>

#include <algorithm>
#include <map>
#include <string>

#include "model/yaml/yaml_view.h"
#include "sweeps/run_spec.h"

namespace isoloss {
namespace {

bool share_a_budget(const Cell& a, const Cell& b) {
  return std::ranges::any_of(
      a.budgets, [&](double budget) { return std::ranges::binary_search(b.budgets, budget); });
}

// Architectures, sizes and seeds are part of what a run is by their names: an axis tells twins
// apart.
[[noreturn]] void refuse_pair(const Study& study, const Cell& first, const Cell& second) {
  const auto differ = std::ranges::mismatch(first.axes, second.axes);
  const PlainAxis& axis =
      study.grid.axes.at(static_cast<std::size_t>(differ.in1 - first.axes.begin()));
  const ModelSpec& model = second.spec.model;
  fail_at(study.file.string(), axis.line, "grid." + axis.field,
          fmt::format("'{}' and '{}' are one trial of {} {} (nothing in it depends on {}); remove "
                      "one, or drop it there: exclude: [{{architecture: {}, {}: {}}}]",
                      *differ.in1, *differ.in2, model.architecture, model.size, axis.field,
                      model.architecture, axis.field, *differ.in2));
}

}  // namespace

void refuse_twin_cells(const Study& study, std::span<const Cell> cells) {
  if (study.grid.axes.empty()) return;
  std::multimap<std::string, const Cell*> known;
  for (const Cell& cell : cells) {
    const std::string id = run_id(cell.spec);
    const auto [begin, end] = known.equal_range(id);
    for (auto twin = begin; twin != end; ++twin)
      if (share_a_budget(*twin->second, cell)) refuse_pair(study, *twin->second, cell);
    known.emplace(id, &cell);
  }
}

}  // namespace isoloss
