// Published points that laws are fitted to (tests/data/laws), and Epoch's digitised ones of the
// Chinchilla paper among them.
#pragma once
#include <gtest/gtest.h>

#include <algorithm>
#include <filesystem>
#include <string>
#include <vector>

#include "analysis/points/points.h"
#include "results/csv.h"
#include "tests/places.h"

namespace isoloss {

inline const std::filesystem::path kLaws =
    std::filesystem::path(test::checkout()) / "tests/data/laws";

// What is too large for the checkout.
inline const std::filesystem::path kLargeLaws =
    std::filesystem::path(test::checkout()) / "../shared/data/laws";

#define SKIP_WITHOUT_LARGE_LAWS()                          \
  if (!std::filesystem::exists(kLargeLaws)) {              \
    GTEST_SKIP() << "no shared/data/laws beside the tree"; \
  }

// N, C and the loss; D = C / (6 N).
inline std::vector<Point> epoch_points() {
  const CsvTable csv = read_csv(kLaws / "chinchilla_points.csv");
  std::vector<Point> points;
  for (const CsvRow& row : csv.rows) {
    Point point;
    point.architecture = "chinchilla";
    point.parameters = std::stod(row.fields[0]);
    point.flops = std::stod(row.fields[1]);
    point.tokens = point.flops / (6 * point.parameters);
    point.loss = std::stod(row.fields[2]);
    points.push_back(point);
  }
  return points;
}

// Epoch leave out the five largest losses.
inline std::vector<Point> without_largest(std::vector<Point> points, std::size_t count) {
  std::sort(points.begin(), points.end(),
            [](const Point& a, const Point& b) { return a.loss < b.loss; });
  points.resize(points.size() - count);
  return points;
}

}  // namespace isoloss
