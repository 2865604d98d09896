// Checks of numbers that are printed in two places.
#include <fmt/format.h>

#include <array>

#include "analysis/published/published_kinds.h"
#include "model/spec/error.h"

namespace isoloss {

// Rows of `with` that share the texts of the `names` columns; equal where their rounding meets. The
// printed number is how many rows there are to agree.
CheckResult check_agreement(const CheckInput& input) {
  const Spec& spec = input.spec;
  const Spec with = spec_object(spec, "with");
  const std::array<std::string, 1> needs{"column"};
  const std::array<std::string, 3> may{"table", "where", "without"};
  check_keys(with, needs, may);
  const PublishedTable &table = table_of(input, spec), &other = table_of(input, with);
  const std::string column = spec_string(spec, "column"), in_other = spec_string(with, "column");
  const std::vector<std::string> names = spec_strings(spec, "names");
  const auto key = [&](const PublishedTable& of, const CsvRow& row) {
    std::string text;
    for (const std::string& name : names) {
      text += (text.empty() ? "" : ", ") + row.fields[published_column(of, name, spec.place)];
    }
    return text;
  };
  const auto candidates = matching_rows(input, with);
  int rows = 0, agree = 0;
  std::string differing, lonely;
  for (const CsvRow* row : matching_rows(input, spec)) {
    const PublishedCell here = field_of(table, *row, column, spec.place);
    if (!here.value) continue;
    const std::string name = key(table, *row);
    std::vector<PublishedCell> there;
    for (const CsvRow* candidate : candidates) {
      if (key(other, *candidate) != name) continue;
      there.push_back(field_of(other, *candidate, in_other, with.place));
    }
    if (there.size() > 1) {
      throw InputError(
          fmt::format("{}: {} rows of {}.csv for '{}' (one is compared with one); add "
                      "conditions in 'where'",
                      with.place, there.size(), other.name, name));
    }
    ++rows;
    if (there.empty() || !there.front().value) {
      lonely += (lonely.empty() ? "" : ", ") + name;
    } else if (meets(*here.value, *there.front().value)) {
      ++agree;
    } else {
      differing += fmt::format("{}{} ({} against {})", differing.empty() ? "" : ", ", name,
                               here.text, there.front().text);
    }
  }
  PublishedFinding out{claim_of(input),
                       fmt::format("{} of {}", rows, rows),
                       static_cast<double>(agree),
                       static_cast<double>(agree - rows),
                       Reproduction::Reproduces,
                       "reproduces"};
  if (!differing.empty()) {
    out.outcome = Reproduction::DoesNot;
    out.words = fmt::format("does not: differ {}", differing);
  } else if (!lonely.empty() || rows == 0) {
    out.outcome = Reproduction::CannotSay;
    out.words = fmt::format("cannot be recomputed: {}",
                            rows == 0 ? "no row matches" : "not printed there: " + lonely);
  }
  return {{std::move(out)}, {}};
}

}  // namespace isoloss
