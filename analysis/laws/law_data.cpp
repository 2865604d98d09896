// From points to what the solver reads.
#include <fmt/format.h>

#include <algorithm>
#include <charconv>
#include <cmath>

#include "analysis/laws/law.h"
#include "analysis/numbers/statistics.h"
#include "model/spec/error.h"
#include "model/spec/nearest_name.h"

namespace isoloss {

const char* column_of(Regressor regressor) {
  switch (regressor) {
    case Regressor::Parameters:
      return "parameters";
    case Regressor::Tokens:
      return "tokens";
    case Regressor::UniqueTokens:
      return "unique_tokens";
    case Regressor::TaskLoss:
      return "task_loss";
    case Regressor::Flops:
      break;
  }
  return "flops";
}

namespace {

double value_of(Regressor regressor, const Point& point) {
  switch (regressor) {
    case Regressor::Parameters:
      return point.parameters;
    case Regressor::Tokens:
      return point.tokens;
    case Regressor::UniqueTokens:
    case Regressor::TaskLoss:
      return kNone;
    case Regressor::Flops:
      break;
  }
  return point.flops;
}

LawData empty_data(const Law& law, std::span<const Point> points) {
  const auto n = static_cast<Eigen::Index>(points.size());
  LawData data;
  data.z.resize(n, static_cast<Eigen::Index>(law.regressors.size()));
  data.loss.resize(n);
  for (Eigen::Index i = 0; i < n; ++i) data.loss[i] = points[static_cast<std::size_t>(i)].loss;
  return data;
}

void finish(LawData& data) {
  data.centre = data.z.colwise().mean().transpose();
  data.z.rowwise() -= data.centre.transpose();
  data.log_loss = data.loss.log();
  data.weight = Eigen::ArrayXd::Ones(data.points());
  data.offset = Eigen::ArrayXd::Zero(data.points());
}

[[noreturn]] void refuse(const Law& law, const PointTable* table, const char* column, std::size_t i,
                         const Point& point) {
  throw InputError(fmt::format(
      "{}law '{}' needs {} (point {} of architecture '{}' has none); fill the column or choose "
      "another law",
      table ? table->source + ": " : "", law.name, column, i + 1, point.architecture));
}

// A column that points keep as text. Empty where the table has none of that name.
std::vector<std::string> text_column(const PointTable& table, std::span<const Point> points,
                                     const std::string& name) {
  const auto at = std::find(table.other_columns.begin(), table.other_columns.end(), name);
  std::vector<std::string> fields;
  if (at == table.other_columns.end()) return fields;
  const auto column = static_cast<std::size_t>(at - table.other_columns.begin());
  for (const Point& point : points) {
    fields.push_back(column < point.other.size() ? point.other[column] : std::string());
  }
  return fields;
}

double positive(const PointTable& table, const std::string& name, std::size_t i,
                const std::string& field) {
  double value = 0;
  const auto [end, error] = std::from_chars(field.data(), field.data() + field.size(), value);
  if (error == std::errc() && end == field.data() + field.size() && value > 0 &&
      std::isfinite(value)) {
    return value;
  }
  throw InputError(fmt::format(
      "{}: {} of point {} is '{}' (must be a number above zero); correct the row or take it out",
      table.source, name, i + 1, field));
}

void pin_floors(const PointTable& table, std::span<const Point> points, const FloorChoice& floor,
                LawData& data) {
  const std::vector<std::string> sets = evaluation_sets(table, points);
  if (sets.empty()) {
    throw InputError(fmt::format(
        "{}: no column 'evaluation' (floors pinned by evaluation set need it); add it, or give one "
        "floor",
        table.source));
  }
  std::vector<std::string> known;
  for (const auto& [name, value] : floor.by_evaluation) known.push_back(name);
  for (std::size_t i = 0; i < sets.size(); ++i) {
    const auto at = floor.by_evaluation.find(sets[i]);
    if (at == floor.by_evaluation.end()) {
      throw InputError(fmt::format("{}: no floor for evaluation set '{}' (point {}){}",
                                   table.source, sets[i], i + 1, suggestion(sets[i], known)));
    }
    data.offset[static_cast<Eigen::Index>(i)] = at->second;
  }
  // Of the whole table: those of one architecture may lack a set.
  const std::vector<std::string> all = evaluation_sets(table, table.points);
  for (const std::string& name : known)
    if (std::ranges::find(all, name) == all.end())
      throw InputError(fmt::format("{}: a floor for evaluation set '{}' (no point has it){}",
                                   table.source, name, suggestion(name, all)));
}

LawData read(const Law& law, const PointTable* table, std::span<const Point> points) {
  LawData data = empty_data(law, points);
  for (std::size_t r = 0; r < law.regressors.size(); ++r) {
    const Regressor regressor = law.regressors[r];
    std::vector<std::string> text;
    if (table && regressor == Regressor::UniqueTokens) {
      text = text_column(*table, points, column_of(regressor));
    }
    for (std::size_t i = 0; i < points.size(); ++i) {
      const double x = !text.empty() && !text[i].empty()
                           ? positive(*table, column_of(regressor), i, text[i])
                           : value_of(regressor, points[i]);
      if (!(x > 0)) refuse(law, table, column_of(regressor), i, points[i]);
      data.z(static_cast<Eigen::Index>(i), static_cast<Eigen::Index>(r)) = std::log(x);
    }
  }
  finish(data);
  return data;
}

}  // namespace

std::vector<std::string> evaluation_sets(const PointTable& table, std::span<const Point> points) {
  return text_column(table, points, "evaluation");
}

LawData law_data(const Law& law, std::span<const Point> points) {
  return read(law, nullptr, points);
}

LawData law_data(const Law& law, const PointTable& table, std::span<const Point> points,
                 const FloorChoice& floor) {
  LawData data = read(law, &table, points);
  const std::vector<std::string> weights = text_column(table, points, "weight");
  for (std::size_t i = 0; i < weights.size(); ++i) {
    data.weight[static_cast<Eigen::Index>(i)] = positive(table, "weight", i, weights[i]);
  }
  if (floor.kind == FloorChoice::Pinned) pin_floors(table, points, floor, data);
  return data;
}

LawData law_data(std::span<const double> x, std::span<const double> loss) {
  LawData data;
  const auto n = static_cast<Eigen::Index>(x.size());
  data.z = Eigen::Map<const Eigen::ArrayXd>(x.data(), n).log();
  data.loss = Eigen::Map<const Eigen::ArrayXd>(loss.data(), n);
  finish(data);
  return data;
}

LawData rows_of(const LawData& data, const std::vector<Eigen::Index>& rows) {
  return {data.z(rows, Eigen::all), data.centre,       data.loss(rows),
          data.log_loss(rows),      data.offset(rows), data.weight(rows)};
}

LawData law_place(std::span<const double> x) {
  LawData data;
  const auto n = static_cast<Eigen::Index>(x.size());
  data.z = Eigen::Map<const Eigen::ArrayXd>(x.data(), n).log().transpose();
  data.centre = Eigen::ArrayXd::Zero(n);
  data.loss = data.log_loss = data.offset = Eigen::ArrayXd::Zero(1);
  data.weight = Eigen::ArrayXd::Ones(1);
  return data;
}

}  // namespace isoloss
