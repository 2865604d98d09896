// Which rows of a published table a check speaks of, and the numbers in them.
#pragma once
#include <map>
#include <optional>
#include <string>
#include <vector>

#include "analysis/published/published_folder.h"
#include "analysis/published/published_value.h"

namespace isoloss {

// One value for each column of a check's `for_each`.
using RowGroup = std::map<std::string, std::string>;

// A check where it stands: the table it is listed under, its keys, and the group it is run for.
struct CheckInput {
  const PublishedFolder* folder = nullptr;
  const PublishedTable* table = nullptr;
  Spec spec;
  RowGroup group;
};

struct PublishedCell {
  std::string text;                   // as printed; empty where nothing is
  std::optional<RoundedValue> value;  // where something is
  std::string what;                   // "steps of primer_table1"
  double times = 1;                   // factor of a term
};

// Rows that the object's `where` admits and its `without` does not, both by columns' texts as
// written, inside the group: its columns bind rows of any table that has them, unless `where` names
// them. `table` of the object, or the check's own. InputError: an unknown table or column.
std::vector<const CsvRow*> matching_rows(const CheckInput& input, const Spec& spec);
const PublishedTable& table_of(const CheckInput& input, const Spec& spec);

// The number of one field. InputError naming file, line and column where it holds another text.
PublishedCell field_of(const PublishedTable& table, const CsvRow& row, const std::string& column,
                       const std::string& place);

// {"column": ..., "where": ..., "without": ..., "table": ...}. InputError where not exactly one row
// matches.
PublishedCell read_cell(const CheckInput& input, const Spec& spec);
// A list of such, each with its own factor in "times".
std::vector<PublishedCell> read_terms(const CheckInput& input, const std::string& key);

// The groups of a check's `for_each`: every combination of its columns' texts in the rows that it
// admits, in their order. One empty group without `for_each`.
std::vector<RowGroup> groups_of(const CheckInput& input);

// `text` with {column} replaced by the group's text. InputError where the group has none such.
std::string filled(const std::string& text, const RowGroup& group, const std::string& place);

}  // namespace isoloss
