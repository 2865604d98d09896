// The columns of a CSV of points that mean something (docs/format.md): where each stands in a file,
// and its fields as text and numbers, refused with file, line and column.
#pragma once
#include <array>
#include <cstddef>
#include <optional>
#include <string>
#include <vector>

#include "results/csv.h"

namespace isoloss {

// The first five must be there.
enum class PointColumn : std::size_t {
  Architecture,
  Parameters,
  Tokens,
  Flops,
  Loss,
  Size,
  Seed,
  Budget,
  LearningRate,
  WallSeconds,
  BitsPerByte,
  ParametersEmbedding,
  Run,
  Role
};
inline constexpr std::size_t kPointColumns = 14;

class PointColumns {
 public:
  // Of a file that outlives it. InputError: a required column is missing (the nearest named), a
  // known one is spelt otherwise, fields are not separated by commas.
  explicit PointColumns(const CsvReader& csv);

  // Places of the columns that mean nothing here, of `count` in all.
  std::vector<std::size_t> others(std::size_t count) const;

  // Empty where the column is absent.
  std::string text(const CsvRow& row, PointColumn column) const;
  // NaN where the field is empty or the column absent. InputError: not a finite number.
  double number(const CsvRow& row, PointColumn column) const;
  double at_least_zero(const CsvRow& row, PointColumn column) const;
  double positive(const CsvRow& row, PointColumn column, bool may_be_empty) const;

  // InputError naming the field of the row.
  [[noreturn]] void refuse(const CsvRow& row, PointColumn column, const char* why,
                           const char* what_to_do) const;

 private:
  std::optional<std::size_t> at(PointColumn column) const;
  void require(const CsvReader& csv) const;

  const std::string& file_;
  std::array<std::optional<std::size_t>, kPointColumns> at_{};
};

}  // namespace isoloss
