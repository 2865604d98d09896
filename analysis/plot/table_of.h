// A table made of columns that say themselves where their values come from: key, heading and value
// of a column are declared together, so that no cell can stand under another's heading.
//
//   TableOf<Comparison, SavingsAt> table("savings", "Savings at equal loss.");
//   table.words("candidate", "candidate", &Comparison::candidate);
//   table.fixed("loss", "loss (nats)", 3, &SavingsAt::loss);
//   table.sentence("why_not", "why not", [](const SavingsAt& at) { return why_not(at); });
//   table.add(comparison, at);                     // a row
//   table.refuse(comparison, comparison.refusal);  // a row with nothing to tell: loss is empty
//
// Rows are of a `Subject` and of what is `Told` of it. A column's value is a member or a function
// of the subject, of what is told, or of both in this order; functions name their parameters'
// types.
#pragma once
#include <cstddef>
#include <functional>
#include <optional>
#include <stdexcept>
#include <string>
#include <type_traits>
#include <utility>
#include <variant>
#include <vector>

#include "analysis/plot/html.h"
#include "analysis/plot/number_text.h"

namespace isoloss {

template <class Subject, class Told = std::monostate>
class TableOf {
 public:
  TableOf(std::string name, std::string caption) {
    table_.name = std::move(name);
    table_.caption = std::move(caption);
  }

  // Text, in a column that does not break over lines, and in one that does.
  template <class Value>
  void words(std::string key, std::string heading, Value value) {
    column({std::move(key), std::move(heading), false}, value, text_cell);
  }
  template <class Value>
  void sentence(std::string key, std::string heading, Value value) {
    column({std::move(key), std::move(heading), false, true}, value, text_cell);
  }

  // A double, a whole number or an optional one; empty where there is none or it is not finite.
  template <class Value>
  void fixed(std::string key, std::string heading, int decimals, Value value) {
    column({std::move(key), std::move(heading)}, value,
           [decimals](const auto& of) { return fixed_cell(number(of), decimals); });
  }
  template <class Value>
  void significant(std::string key, std::string heading, int digits, Value value) {
    column({std::move(key), std::move(heading)}, value,
           [digits](const auto& of) { return significant_cell(number(of), digits); });
  }
  template <class Value>
  void count(std::string key, std::string heading, Value value) {
    fixed(std::move(key), std::move(heading), 0, value);
  }

  // Two columns, PREFIX_low "from" and PREFIX_high "to", of an Interval or an optional one.
  template <class Value>
  void fixed_ends(const std::string& prefix, int decimals, Value value) {
    ends(prefix, value, [decimals](double end) { return fixed_cell(end, decimals); });
  }
  template <class Value>
  void significant_ends(const std::string& prefix, int digits, Value value) {
    ends(prefix, value, [digits](double end) { return significant_cell(end, digits); });
  }

  // Values that are cells already.
  template <class Value>
  void cells(TableColumn declared, Value value) {
    column(std::move(declared), value, [](TableCell cell) { return cell; });
  }

  void add(const Subject& subject, const Told& told = {}) {
    table_.rows.push_back(row(subject, &told));
  }

  // A row with nothing to count: what columns say of the subject alone, and why in the last.
  void refuse(const Subject& subject, std::string why) {
    std::vector<TableCell> cells = row(subject, nullptr);
    cells.back() = text_cell(std::move(why));
    table_.rows.push_back(std::move(cells));
  }

  void as_cards() { table_.cards = true; }
  std::size_t size() const { return table_.rows.size(); }
  // The table; nothing is left in this.
  Table take() { return std::move(table_); }

 private:
  static double number(double value) { return value; }
  static double number(const std::optional<double>& value) { return value.value_or(kNone); }
  template <class Count>
  requires std::is_integral_v<Count>
  static double number(Count value) { return static_cast<double>(value); }

  template <class Value, class Show>
  void ends(const std::string& prefix, const Value& value, const Show& show) {
    column({prefix + "_low", "from"}, value,
           [show](const std::optional<Interval>& of) { return show(ends_of(of).first); });
    column({prefix + "_high", "to"}, value,
           [show](const std::optional<Interval>& of) { return show(ends_of(of).second); });
  }

  template <class Value, class Show>
  void column(TableColumn declared, const Value& value, const Show& show) {
    if (!table_.rows.empty())
      throw std::logic_error("table " + table_.name + ": column " + declared.key + " after rows");
    table_.columns.push_back(std::move(declared));
    of_row_.push_back([value, show](const Subject& subject, const Told* told) -> TableCell {
      if constexpr (std::is_invocable_v<const Value&, const Subject&>) {
        return show(std::invoke(value, subject));
      } else if constexpr (std::is_invocable_v<const Value&, const Told&>) {
        return told ? show(std::invoke(value, *told)) : TableCell();
      } else {
        return told ? show(std::invoke(value, subject, *told)) : TableCell();
      }
    });
  }

  std::vector<TableCell> row(const Subject& subject, const Told* told) const {
    std::vector<TableCell> cells;
    for (const auto& of : of_row_) cells.push_back(of(subject, told));
    return cells;
  }

  Table table_;
  std::vector<std::function<TableCell(const Subject&, const Told*)>> of_row_;
};

}  // namespace isoloss
