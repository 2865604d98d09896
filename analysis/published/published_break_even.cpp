// Checks of cost arithmetic: what a cheaper training saves and when an investment in it has paid.
#include <fmt/format.h>

#include <array>

#include "analysis/published/published_kinds.h"

namespace isoloss {

// saved = cost (1 - spent / whole); return = saved / invested (Primer, section 4.4 and appendix).
CheckResult check_break_even(const CheckInput& input) {
  const Spec& spec = input.spec;
  std::vector<PublishedCell> cells;
  for (const char* key : {"cost", "spent", "whole", "invested"}) {
    cells.push_back(read_cell(input, spec_object(spec, key)));
  }
  const Spec printed = spec_object(spec, "printed");
  const std::array<std::string, 2> needs{"saved", "return"};
  check_keys(printed, needs, {});
  const PublishedCell saved_printed = read_cell(input, spec_object(printed, "saved"));
  const PublishedCell return_printed = read_cell(input, spec_object(printed, "return"));
  const std::string saved_claim = claim_of(input) + ": saved";
  const std::string return_claim = claim_of(input) + ": saved over invested";
  const std::string missing = missing_input(cells);
  if (!missing.empty()) {
    return {{cannot(saved_claim, saved_printed, missing),
             cannot(return_claim, return_printed, missing)},
            {}};
  }
  std::vector<RoundedValue> values;
  for (const PublishedCell& cell : cells) values.push_back(*cell.value);
  const RoundedValue saved =
      over_corners(values, [](std::span<const double> at) { return at[0] * (1 - at[1] / at[2]); });
  const RoundedValue returned = over_corners(
      values, [](std::span<const double> at) { return at[0] * (1 - at[1] / at[2]) / at[3]; });
  CheckResult out{
      {judged(saved_claim, saved_printed, saved), judged(return_claim, return_printed, returned)},
      {}};
  out.findings.back().words +=
      fmt::format("; {} such trainings pay the investment back", value_text(1 / returned.value));
  return out;
}

}  // namespace isoloss
