#include "analysis/points/repeated_rows.h"

#include <fmt/format.h>

#include <algorithm>
#include <cmath>
#include <map>
#include <numeric>
#include <optional>
#include <tuple>

#include "analysis/points/comparable_rows.h"
#include "analysis/points/flag.h"
#include "model/spec/error.h"

namespace isoloss {
namespace {

constexpr double kSamePlace = 1e-3;  // of a regressor

bool same_place(double a, double b) {
  if (std::isnan(a) || std::isnan(b)) return std::isnan(a) && std::isnan(b);
  return std::abs(std::log(a / b)) < kSamePlace;
}

bool same_model(const Point& a, const Point& b) {
  return a.architecture == b.architecture && same_place(a.parameters, b.parameters) &&
         same_place(a.tokens, b.tokens) && same_place(a.learning_rate, b.learning_rate);
}

// The further column in which two rows differ, told as a reason; empty where there is none.
std::string told_apart_by(const PointTable& table, const Point& a, const Point& b) {
  for (std::size_t i = 0; i < std::min(a.other.size(), b.other.size()); ++i) {
    if (a.other[i] == b.other[i]) continue;
    return fmt::format("column '{}', which nothing here reads, has '{}' and '{}'",
                       table.other_columns[i], a.other[i], b.other[i]);
  }
  return "";
}

}  // namespace

std::string RepeatedRows::text() const {
  return fmt::format("rows {} and {}", first, second) +
         (pairs > 1 ? fmt::format(" and {} more pairs", pairs - 1) : "");
}

RepeatedRows repeated_rows(std::span<const Point> points, std::span<const std::size_t> rows,
                           RowsOf rows_of) {
  std::vector<std::size_t> order(points.size());
  std::iota(order.begin(), order.end(), std::size_t{0});
  std::sort(order.begin(), order.end(), [&](std::size_t a, std::size_t b) {
    return std::tie(points[a].flops, a) < std::tie(points[b].flops, b);
  });
  RepeatedRows found;
  for (std::size_t k = 0; k < order.size(); ++k) {
    const Point& a = points[order[k]];
    // A place where hundreds of rows lie is named by its first pair; looking at all pairs of 10^6
    // rows would take days.
    for (std::size_t l = k + 1; l < std::min(order.size(), k + 50); ++l) {
      const Point& b = points[order[l]];
      if (!same_place(a.flops, b.flops)) break;
      if (!same_model(a, b)) continue;
      if ((a.has_seed && b.has_seed && a.seed != b.seed) || (!a.run.empty() && a.run != b.run)) {
        continue;
      }
      if (rows_of == RowsOf::ALaw && a.other != b.other) continue;
      if (rows_of == RowsOf::AFrontier && (a.size != b.size || !same_place(a.budget, b.budget))) {
        continue;
      }
      if (found.pairs++ > 0) continue;
      found.first = std::min(rows[order[k]], rows[order[l]]) + 1;
      found.second = std::max(rows[order[k]], rows[order[l]]) + 1;
    }
  }
  return found;
}

void require_one_loss(const PointTable& table, std::span<const std::size_t> rows) {
  using Place = std::tuple<std::string, std::string, std::string, std::int64_t, double, double>;
  const auto or_zero = [](double value) { return std::isnan(value) ? 0 : value; };
  std::map<Place, std::vector<std::size_t>> places;
  for (const std::size_t row : rows) {
    const Point& p = table.points[row];
    if (!p.has_seed) continue;
    std::vector<std::size_t>& here =
        places[{p.architecture, p.size, p.run, p.seed, or_zero(p.parameters), or_zero(p.budget)}];
    for (const std::size_t other : here) {
      const Point& q = table.points[other];
      if (p.loss == q.loss || !same_model(p, q) || !same_place(p.flops, q.flops)) continue;
      const std::string column = told_apart_by(table, q, p);
      throw InputError(fmt::format(
          "{}: {} are both '{}'{} with seed {} and say losses {} and {} ({}); {}", table.source,
          named_rows(table, other, row), p.architecture,
          p.size.empty() ? "" : fmt::format(" of size '{}'", p.size), p.seed, q.loss, p.loss,
          column.empty() ? "a seed has one loss, and their mean would be neither" : column,
          column.empty() ? "correct one, or give runs seeds of their own"
                         : "analyse the rows of each apart, or call the column `evaluation`"));
    }
    // Of the rows that agree one is enough to ask.
    if (here.size() < 50) here.push_back(row);
  }
}

void flag_repeated_rows(const PointTable& table, std::span<const std::size_t> rows,
                        std::vector<std::string>& flags) {
  std::vector<Point> points;
  for (const std::size_t row : rows) points.push_back(table.points[row]);
  const RepeatedRows found = repeated_rows(points, rows, RowsOf::AFrontier);
  if (found.pairs == 0) return;
  const std::string column =
      told_apart_by(table, table.points[found.first - 1], table.points[found.second - 1]);
  flags.push_back(
      flag_text(Flag::NearDuplicateRows,
                found.text() +
                    " have no seed that tells them apart: they are averaged as seeds of one size, "
                    "and their noise is not measured (a column seed would)" +
                    (column.empty() ? "" : "; " + column)));
}

}  // namespace isoloss
