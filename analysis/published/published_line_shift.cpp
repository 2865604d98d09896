// Checks of savings between two fitted lines: loss = a c^-k for each model.
#include <cmath>

#include "analysis/published/published_kinds.h"

namespace isoloss {

// Compute that the baseline's line needs over compute that the candidate's needs, at the loss of
// the baseline's line after `at`: at / (a_candidate / loss)^(1/k_candidate) (Primer, A.9, with a
// slope for each line).
CheckResult check_line_shift(const CheckInput& input) {
  const PublishedTable& lines =
      published_table(*input.folder, spec_string(input.spec, "lines"), input.spec.place);
  const std::string coefficient = spec_string(input.spec, "coefficient");
  const std::string exponent = spec_string(input.spec, "exponent");
  CheckInput of_lines = input;
  of_lines.table = &lines;
  const PublishedCell printed = read_cell(input, spec_object(input.spec, "printed"));
  std::vector<PublishedCell> cells{read_cell(input, spec_object(input.spec, "at"))};
  for (const char* side : {"baseline", "candidate"}) {
    for (const std::string& column : {coefficient, exponent}) {
      nlohmann::json cell{{"column", column}};
      const Spec who = spec_object(input.spec, side);
      check_keys(who, {}, lines.data.columns);
      if (!who.object->empty()) cell["where"] = *who.object;
      cells.push_back(read_cell(of_lines, {&cell, who.place}));
    }
  }
  const std::string missing = missing_input(cells);
  if (!missing.empty()) return {{cannot(claim_of(input), printed, missing)}, {}};
  std::vector<RoundedValue> values;
  for (const PublishedCell& cell : cells) values.push_back(*cell.value);
  values[0].low = values[0].high = values[0].value;  // a chosen budget, not a measured one
  const RoundedValue savings = over_corners(values, [](std::span<const double> v) {
    const double log_loss = std::log(v[1]) - v[2] * std::log(v[0]);
    return v[0] / std::exp((std::log(v[3]) - log_loss) / v[4]);
  });
  return {{judged(claim_of(input), printed, savings)}, {}};
}

}  // namespace isoloss
