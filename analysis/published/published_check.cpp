#include "analysis/published/published_check.h"

#include <fmt/format.h>

#include <algorithm>
#include <cmath>

#include "model/spec/error.h"
#include "model/spec/nearest_name.h"

namespace isoloss {
namespace {

const CheckKind& kind_of(const Spec& spec) {
  const std::string name = spec_string(spec, "kind");
  std::vector<std::string> known;
  for (const CheckKind& kind : check_kinds()) {
    if (kind.name == name) return kind;
    known.push_back(kind.name);
  }
  throw InputError(fmt::format("{}: no kind of check '{}' (docs/published.md lists them){}",
                               spec.place, name, suggestion(name, known)));
}

void check_kind_keys(const CheckKind& kind, const Spec& spec) {
  std::vector<std::string> needs{"kind", "says"}, may{"for_each"};
  needs.insert(needs.end(), kind.needs.begin(), kind.needs.end());
  may.insert(may.end(), kind.may.begin(), kind.may.end());
  check_keys({spec.object, fmt::format("{} ({})", spec.place, kind.name)}, needs, may);
}

}  // namespace

CheckResult run_checks(const PublishedFolder& folder, const PublishedTable& table) {
  CheckResult out;
  for (const Spec& spec : table.checks) {
    const CheckKind& kind = kind_of(spec);
    check_kind_keys(kind, spec);
    CheckInput input{&folder, &table, spec, {}};
    const std::vector<RowGroup> groups = groups_of(input);
    if (groups.empty()) {
      throw InputError(
          fmt::format("{}: for_each finds no row of {}.csv (nothing would be checked); "
                      "mend its 'where'",
                      spec.place, table.name));
    }
    for (const RowGroup& group : groups) {
      input.group = group;
      CheckResult result = kind.run(input);
      std::move(result.findings.begin(), result.findings.end(), std::back_inserter(out.findings));
      std::move(result.details.begin(), result.details.end(), std::back_inserter(out.details));
    }
  }
  for (std::size_t i = 0; i < out.details.size(); ++i) {
    out.details[i].name = fmt::format("{}_{}_{}", table.name, out.details[i].name, i + 1);
  }
  return out;
}

std::string claim_of(const CheckInput& input) {
  return filled(spec_string(input.spec, "says"), input.group, input.spec.place);
}

std::string range_text(const RoundedValue& value) {
  const std::string low = value_text(value.low), high = value_text(value.high);
  if (low == high) return "";
  return fmt::format(" ({} to {} by their rounding)", low, high);
}

PublishedFinding judged(std::string claim, const PublishedCell& printed,
                        const RoundedValue& recomputed) {
  if (!printed.value) return cannot(std::move(claim), printed, printed.what + " is not printed");
  double difference = recomputed.value - printed.value->value;
  // Decimals that agree differ in the last bits of their binary values.
  if (std::abs(difference) < 1e-12 * std::abs(printed.value->value)) difference = 0;
  PublishedFinding out{std::move(claim),         printed.text, recomputed.value, difference,
                       Reproduction::Reproduces, "reproduces"};
  if (rounds_to(recomputed, *printed.value)) return out;
  if (meets(recomputed, *printed.value)) {
    out.words = fmt::format("reproduces within rounding: the printed rows allow {} to {}",
                            value_text(recomputed.low), value_text(recomputed.high));
    return out;
  }
  out.outcome = Reproduction::DoesNot;
  out.words = fmt::format("does not: the printed rows give {}{}", value_text(recomputed.value),
                          range_text(recomputed));
  return out;
}

PublishedFinding cannot(std::string claim, const PublishedCell& printed, const std::string& why) {
  PublishedFinding out;
  out.claim = std::move(claim);
  out.printed = printed.text;
  out.words = "cannot be recomputed: " + why;
  return out;
}

std::string missing_input(const std::vector<PublishedCell>& cells) {
  for (const PublishedCell& cell : cells) {
    if (!cell.value) return cell.what + " is not printed";
  }
  return "";
}

}  // namespace isoloss
