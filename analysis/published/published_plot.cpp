#include "analysis/published/published_plot.h"

#include <fmt/format.h>

#include <algorithm>
#include <array>

#include "analysis/published/published_rows.h"
#include "model/spec/error.h"

namespace isoloss {
namespace {

Axis axis_of(const Spec& spec) {
  const std::array<std::string, 2> needs{"column", "label"};
  const std::array<std::string, 1> may{"logarithmic"};
  check_keys(spec, needs, may);
  return {spec_string(spec, "label"), spec_flag(spec, "logarithmic", false), false, {}};
}

Plot plot_of(const CheckInput& input) {
  const Spec& spec = input.spec;
  const PublishedTable& table = *input.table;
  const std::array<std::string, 5> needs{"title", "caption", "x", "y", "series"};
  const std::array<std::string, 4> may{"level", "level_title", "where", "without"};
  check_keys(spec, needs, may);
  const Spec x = spec_object(spec, "x"), y = spec_object(spec, "y");
  Plot plot{table.name + "_plot",
            spec_string(spec, "title"),
            spec_string(spec, "caption"),
            axis_of(x),
            axis_of(y),
            {},
            {}};
  const std::size_t series = published_column(table, spec_string(spec, "series"), spec.place);
  for (const CsvRow* row : matching_rows(input, spec)) {
    const PublishedCell across = field_of(table, *row, spec_string(x, "column"), x.place);
    const PublishedCell up = field_of(table, *row, spec_string(y, "column"), y.place);
    if (!across.value || !up.value) continue;
    const std::string& name = row->fields[series];
    auto found = std::find_if(plot.series.begin(), plot.series.end(),
                              [&](const Series& s) { return s.title == name; });
    if (found == plot.series.end()) {
      Series fresh;
      fresh.title = name;
      fresh.style = static_cast<int>(plot.series.size()) + 1;
      fresh.kind = SeriesKind::LinesPoints;
      plot.series.push_back(std::move(fresh));
      found = plot.series.end() - 1;
    }
    found->x.push_back(across.value->value);
    found->y.push_back(up.value->value);
  }
  if (spec.has("level")) {
    plot.levels.emplace_back(spec_real(spec, "level"), spec_string(spec, "level_title", ""));
  }
  if (!has_data(plot)) {
    throw InputError(
        fmt::format("{}: no point to draw (no row of {}.csv has both numbers); mend "
                    "its 'where' or leave the plot out",
                    spec.place, table.name));
  }
  return plot;
}

}  // namespace

std::vector<Plot> published_plots(const PublishedFolder& folder, const PublishedTable& table) {
  std::vector<Plot> out;
  for (const Spec& spec : table.plots) {
    out.push_back(plot_of({&folder, &table, spec, {}}));
    if (out.size() > 1) out.back().name += fmt::format("_{}", out.size());
  }
  return out;
}

}  // namespace isoloss
