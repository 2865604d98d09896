// Points as CSV: columns and comments in docs/format.md.
#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <cmath>
#include <string_view>
#include <utility>

#include "analysis/points/points.h"
#include "analysis/points/points_columns.h"
#include "analysis/points/points_comments.h"
#include "analysis/points/search_roles.h"
#include "model/spec/error.h"
#include "results/csv.h"

namespace isoloss {
namespace {

Point read_point(const PointColumns& columns, const CsvRow& row) {
  Point point;
  point.architecture = columns.text(row, PointColumn::Architecture);
  if (point.architecture.empty()) {
    columns.refuse(row, PointColumn::Architecture, "empty", "name the architecture of the row");
  }
  point.parameters = columns.positive(row, PointColumn::Parameters, true);
  point.tokens = columns.positive(row, PointColumn::Tokens, true);
  point.flops = columns.positive(row, PointColumn::Flops, false);
  point.loss = columns.positive(row, PointColumn::Loss, false);
  point.size = columns.text(row, PointColumn::Size);
  const double seed = columns.number(row, PointColumn::Seed);
  if (!std::isnan(seed)) {
    if (seed != std::floor(seed) || std::abs(seed) > 9e15) {
      columns.refuse(row, PointColumn::Seed, "must be a whole number", "correct it");
    }
    point.seed = static_cast<std::int64_t>(seed);
    point.has_seed = true;
  }
  point.budget = columns.positive(row, PointColumn::Budget, true);
  point.learning_rate = columns.positive(row, PointColumn::LearningRate, true);
  point.wall_seconds = columns.at_least_zero(row, PointColumn::WallSeconds);
  point.bits_per_byte = columns.at_least_zero(row, PointColumn::BitsPerByte);
  point.parameters_embedding = columns.at_least_zero(row, PointColumn::ParametersEmbedding);
  if (point.parameters_embedding >= point.parameters) {
    columns.refuse(row, PointColumn::ParametersEmbedding,
                   "not below parameters, which count them too", "correct the row");
  }
  point.run = columns.text(row, PointColumn::Run);
  point.role = columns.text(row, PointColumn::Role);
  static constexpr std::array<std::string_view, 4> kRoles = {kResultRole, kArmRole, kCheckRole,
                                                             kSupersededRole};
  if (!point.role.empty() && std::ranges::find(kRoles, point.role) == kRoles.end()) {
    columns.refuse(row, PointColumn::Role, "none of result, arm, check and superseded",
                   "correct it or leave it empty");
  }
  return point;
}

}  // namespace

PointTable read_points_csv(const std::filesystem::path& file) {
  std::ifstream in = open_csv(file);
  CsvReader csv(in, file.string());
  const PointColumns columns(csv);
  PointTable table;
  table.source = csv.name();
  table.flops_convention.clear();
  const std::vector<std::size_t> others = columns.others(csv.columns().size());
  for (const std::size_t i : others) table.other_columns.push_back(csv.columns()[i]);
  for (CsvRow row; csv.next(row);) {
    Point point = read_point(columns, row);
    for (const std::size_t i : others) point.other.push_back(row.fields[i]);
    table.points.push_back(std::move(point));
  }
  read_point_comments(csv, table);
  if (table.points.empty()) {
    throw InputError(fmt::format("{}: no points (only a header row); add a row for each evaluation",
                                 csv.name()));
  }
  return table;
}

}  // namespace isoloss
