// A column `weight` is relative: one weight for every row changes nothing of a fit but the
// objective's own value, which is the weighted sum.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <nlohmann/json.hpp>
#include <string>
#include <vector>

#include "analysis/fit/fit.h"
#include "analysis/fit/predict.h"
#include "tests/analysis/chinchilla_grid.h"

namespace isoloss {
namespace {

// One run of each place, or two that differ in seed and scatter alike.
PointTable grid_of(int seeds, const std::string& weight) {
  PointTable table = test::chinchilla_grid(0.01);
  table.source = "made";
  if (seeds == 2) {
    const std::vector<Point> first = table.points;
    std::uint64_t i = 0;
    for (Point p : first) {
      p.seed = 1;
      p.loss *= std::exp(0.014 * random_normal(3, 4, i++));
      table.points.push_back(p);
    }
    for (Point& p : table.points) p.has_seed = true;
  }
  table.other_columns = {"weight"};
  for (Point& p : table.points) p.other = {weight};
  return table;
}

nlohmann::json outputs(int seeds, const std::string& weight, ObjectiveKind objective) {
  FitOptions options;
  options.law = "chinchilla";
  options.objective = objective;
  options.bootstrap = 20;
  options.calibrate = true;
  const Fit fit = fit_law(grid_of(seeds, weight), options);
  nlohmann::json all = to_json(fit);
  all["objective"].erase("value");
  // The solver's own progress, which no result depends on.
  all.erase("gradient_norm");
  all.erase("condition");
  all["data"].erase("digest");  // of the column too
  Place place;
  place.flops = 1e22;
  all["asked"] = to_json(predict_at(stored_fit(to_json(fit), "made"), place, 0.95));
  return all;
}

void expect_same(const nlohmann::json& a, const nlohmann::json& b, const std::string& where) {
  ASSERT_EQ(a.type(), b.type()) << where;
  ASSERT_EQ(a.size(), b.size()) << where;
  if (a.is_number_float()) {
    const double x = a.get<double>(), y = b.get<double>();
    EXPECT_NEAR(x, y, 1e-9 * std::max(1.0, std::abs(y))) << where;
  } else if (a.is_object()) {
    for (const auto& [key, value] : a.items()) expect_same(value, b.at(key), where + "/" + key);
  } else if (a.is_array()) {
    for (std::size_t i = 0; i < a.size(); ++i) {
      expect_same(a[i], b[i], where + "/" + std::to_string(i));
    }
  } else {
    EXPECT_EQ(a, b) << where;
  }
}

class UniformWeight : public testing::TestWithParam<ObjectiveKind> {};

TEST_P(UniformWeight, ChangesNothing) {
  for (const int seeds : {1, 2}) {
    const nlohmann::json plain = outputs(seeds, "1", GetParam());
    for (const char* weight : {"0.01", "100"}) {
      expect_same(outputs(seeds, weight, GetParam()), plain,
                  std::to_string(seeds) + " seeds, weight " + weight);
    }
  }
}
INSTANTIATE_TEST_SUITE_P(Every, UniformWeight,
                         testing::Values(ObjectiveKind::Huber, ObjectiveKind::Squares,
                                         ObjectiveKind::Lad));

// A row of a quarter of the others' weight may lie twice as far off: what an outlier is for the
// others is none for it.
TEST(Weights, LightRowsMayScatterMore) {
  const auto flags = [](const std::string& weight) {
    PointTable table = grid_of(1, "1");
    table.points[12].loss *= 1.045;
    table.points[12].other = {weight};
    FitOptions options;
    options.law = "chinchilla";
    options.bootstrap = 0;
    return fit_law(table, options).flags;
  };
  EXPECT_THAT(flags("1"), testing::Contains(testing::StartsWith("outlier: row 13")));
  EXPECT_THAT(flags("0.2"),
              testing::Not(testing::Contains(testing::StartsWith("outlier: row 13"))));
}

}  // namespace
}  // namespace isoloss
