// Checks of plain arithmetic: ratios, sums, counts.
#include <fmt/format.h>

#include "analysis/published/published_kinds.h"
#include "model/spec/error.h"

namespace isoloss {
namespace {

PublishedCell printed_cell(const CheckInput& input) {
  return read_cell(input, spec_object(input.spec, "printed"));
}

std::vector<RoundedValue> values_of(const std::vector<PublishedCell>& cells) {
  std::vector<RoundedValue> out;
  for (const PublishedCell& cell : cells) out.push_back(*cell.value);
  return out;
}

}  // namespace

CheckResult check_ratio(const CheckInput& input) {
  std::vector<PublishedCell> cells = read_terms(input, "of");
  const std::size_t above = cells.size();
  for (PublishedCell& cell : read_terms(input, "over")) cells.push_back(std::move(cell));
  const PublishedCell printed = printed_cell(input);
  if (cells.size() > 12) {
    throw InputError(
        fmt::format("{}: {} factors (a ratio takes 12 at most); split it in two checks",
                    input.spec.place, cells.size()));
  }
  const std::string missing = missing_input(cells);
  if (!missing.empty()) return {{cannot(claim_of(input), printed, missing)}, {}};
  const double times = spec_real(input.spec, "times", 1);
  const RoundedValue ratio = over_corners(values_of(cells), [&](std::span<const double> at) {
    double product = times;
    for (std::size_t i = 0; i < at.size(); ++i) {
      const double factor = at[i] * cells[i].times;
      product = i < above ? product * factor : product / factor;
    }
    return product;
  });
  return {{judged(claim_of(input), printed, ratio)}, {}};
}

CheckResult check_sum(const CheckInput& input) {
  std::vector<PublishedCell> cells = read_terms(input, "plus");
  const std::size_t added = cells.size();
  for (PublishedCell& cell : read_terms(input, "minus")) cells.push_back(std::move(cell));
  const PublishedCell printed = printed_cell(input);
  const std::string missing = missing_input(cells);
  if (!missing.empty()) return {{cannot(claim_of(input), printed, missing)}, {}};
  std::vector<double> weights;
  for (std::size_t i = 0; i < cells.size(); ++i) {
    weights.push_back((i < added ? 1 : -1) * cells[i].times * spec_real(input.spec, "times", 1));
  }
  return {{judged(claim_of(input), printed, weighted_sum(values_of(cells), weights))}, {}};
}

CheckResult check_count(const CheckInput& input) {
  const auto count = static_cast<double>(matching_rows(input, input.spec).size());
  return {{judged(claim_of(input), printed_cell(input), {count, count, count})}, {}};
}

}  // namespace isoloss
