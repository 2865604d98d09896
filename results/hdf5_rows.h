// Tables as HDF5 groups: one column a field, all of one length, from and to vectors of structs. All
// errors are Hdf5Error.
#pragma once
#include <concepts>
#include <cstdint>
#include <string>
#include <type_traits>
#include <utility>
#include <vector>

#include "results/hdf5_values.h"

namespace isoloss {

// Writes value(row) of every row as a column.
template <class Row, class Value>
void write_rows(hid_t group, const ColumnLabel& label, const std::vector<Row>& rows, Value value) {
  std::vector<std::decay_t<decltype(value(rows.front()))>> values;
  values.reserve(rows.size());
  for (const Row& row : rows) values.push_back(value(row));
  write_column(group, label, values);
}

// Rows of a group, filled column by column.
template <class Row>
class RowReader {
 public:
  // As many rows as the column of integers `first` has.
  RowReader(hid_t parent, const std::string& group, const std::string& first)
      : name_(group),
        group_(open_group(parent, group)),
        rows_(read_integers(group_.get(), first).size()) {}

  void set(const std::string& column, std::int64_t Row::*field) {
    fill(column, read_integers(group_.get(), column), field);
  }
  void set(const std::string& column, double Row::*field) {
    fill(column, read_reals(group_.get(), column), field);
  }
  void set(const std::string& column, std::string Row::*field) {
    fill(column, read_texts(group_.get(), column), field);
  }
  // Stored as an integer, 0 or 1.
  void set(const std::string& column, bool Row::*field) {
    std::vector<bool> values;
    for (const std::int64_t value : read_integers(group_.get(), column)) {
      if (value != 0 && value != 1)
        throw Hdf5Error("dataset " + name_ + "/" + column + " holds " + std::to_string(value) +
                        ", not 0 or 1");
      values.push_back(value == 1);
    }
    fill(column, values, field);
  }
  hid_t group() const { return group_.get(); }
  std::vector<Row>& rows() { return rows_; }

 private:
  template <class T>
  void fill(const std::string& column, const std::vector<T>& values, T Row::*field) {
    if (values.size() != rows_.size())
      throw Hdf5Error("dataset " + name_ + "/" + column + " has another length than its group");
    for (std::size_t i = 0; i < values.size(); ++i) rows_[i].*field = values[i];
  }

  std::string name_;
  Hdf5Handle group_;
  std::vector<Row> rows_;
};

}  // namespace isoloss
