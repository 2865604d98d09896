// Checks of printed averages.
#include <fmt/format.h>

#include <map>

#include "analysis/published/published_kinds.h"

namespace isoloss {
namespace {

struct Term {
  std::string name;  // of the task, for words
  RoundedValue value;
};

RoundedValue mean_of(const std::vector<Term>& terms) {
  std::vector<RoundedValue> values;
  for (const Term& term : terms) values.push_back(term.value);
  return weighted_sum(values,
                      std::vector<double>(values.size(), 1 / static_cast<double>(values.size())));
}

// One term a row, or one for the rows that share their text in `within`: those rows' own mean.
std::vector<Term> terms_of(const std::vector<Term>& rows, const std::vector<std::string>& within) {
  if (within.empty()) return rows;
  std::vector<std::string> order;
  std::map<std::string, std::vector<Term>> members;
  for (std::size_t i = 0; i < rows.size(); ++i) {
    if (!members.contains(within[i])) order.push_back(within[i]);
    members[within[i]].push_back(rows[i]);
  }
  std::vector<Term> out;
  for (const std::string& name : order) out.push_back({name, mean_of(members[name])});
  return out;
}

// Which single terms left out would give the printed mean; nothing where more than three would.
std::string explanation(const std::vector<Term>& terms, const RoundedValue& printed) {
  std::string found;
  int count = 0;
  for (std::size_t left_out = 0; left_out < terms.size() && terms.size() > 2; ++left_out) {
    std::vector<Term> rest = terms;
    rest.erase(rest.begin() + static_cast<std::ptrdiff_t>(left_out));
    const RoundedValue mean = mean_of(rest);
    if (!meets(mean, printed)) continue;
    found += fmt::format("{}{} ({})", count == 0 ? "" : " or ", terms[left_out].name,
                         value_text(mean.value));
    ++count;
  }
  if (count == 0 || count > 3) return "";
  return fmt::format("; they would without {}", found);
}

}  // namespace

CheckResult check_mean(const CheckInput& input) {
  const PublishedTable& table = table_of(input, input.spec);
  const std::string column = spec_string(input.spec, "column");
  const std::string& place = input.spec.place;
  const PublishedCell printed = read_cell(input, spec_object(input.spec, "printed"));
  std::vector<Term> rows;
  std::vector<std::string> within;
  for (const CsvRow* row : matching_rows(input, input.spec)) {
    const PublishedCell cell = field_of(table, *row, column, place);
    const std::string name =
        input.spec.has("names")
            ? row->fields[published_column(table, spec_string(input.spec, "names"), place)]
            : fmt::format("line {}", row->line);
    if (!cell.value) {
      return {
          {cannot(claim_of(input), printed, fmt::format("{} of {} is not printed", column, name))},
          {}};
    }
    rows.push_back({name, *cell.value});
    if (!input.spec.has("within")) continue;
    within.push_back(
        row->fields[published_column(table, spec_string(input.spec, "within"), place)]);
  }
  if (rows.empty()) return {{cannot(claim_of(input), printed, "no row matches")}, {}};
  const std::vector<Term> terms = terms_of(rows, within);
  PublishedFinding finding = judged(claim_of(input), printed, mean_of(terms));
  if (finding.outcome == Reproduction::DoesNot) {
    finding.words += explanation(terms, *printed.value);
  }
  return {{std::move(finding)}, {}};
}

}  // namespace isoloss
