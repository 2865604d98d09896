#include "analysis/report/report_crossing.h"

#include <fmt/format.h>
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <cmath>

namespace isoloss {
namespace {

using ::testing::HasSubstr;

// Evaluations of one run at 1, 2, 4, 8 units of compute, loss = scale C^-0.5.
void add_run(PointTable& table, const std::string& architecture, std::int64_t seed, double scale,
             double rate = 0.01, double spent = 1) {
  for (const double flops : {1.0, 2.0, 4.0, 8.0}) {
    Point p;
    p.architecture = architecture;
    p.size = std::string(1, 's');  // GCC 12 misreads a literal here (-Wrestrict)
    p.seed = seed;
    p.parameters = 10;
    p.flops = flops * spent;
    p.loss = scale / std::sqrt(p.flops);
    p.learning_rate = rate;
    p.run = fmt::format("{} {} {}", architecture, seed, rate);
    table.points.push_back(p);
  }
}

TEST(ReportCrossing, SpeedUpIsTheRatioOfComputeAtTheBaselinesLastLoss) {
  PointTable table;
  add_run(table, "base", 0, 4);
  add_run(table, "fast", 0, 3);
  const auto found = crossings(table, "base", "fast");
  ASSERT_EQ(found.size(), 1u);
  // By hand: 4 / sqrt(8) = 3 / sqrt(C) at C = 4.5, and 8 / 4.5 = 16 / 9. A power law is a straight
  // line in ln C and ln L, which monotone interpolation keeps.
  EXPECT_NEAR(found[0].loss, 4 / std::sqrt(8.0), 1e-12);
  ASSERT_TRUE(found[0].speedup);
  EXPECT_NEAR(*found[0].candidate_flops, 4.5, 1e-9);
  EXPECT_NEAR(*found[0].speedup, 16.0 / 9, 1e-9);
}

TEST(ReportCrossing, NothingIsExtrapolated) {
  PointTable table;
  add_run(table, "base", 0, 4);
  add_run(table, "slow", 0, 5);
  add_run(table, "other", 0, 1);
  EXPECT_FALSE(crossings(table, "base", "slow")[0].speedup);
  EXPECT_THAT(crossings(table, "base", "slow")[0].why_not, HasSubstr("does not get there"));
  EXPECT_FALSE(crossings(table, "base", "other")[0].speedup);  // 1 is below 4 / sqrt(8) at once
  EXPECT_THAT(crossings(table, "base", "other")[0].why_not, HasSubstr("first evaluation"));
}

TEST(ReportCrossing, PairsSeedsAndTakesTheBetterRate) {
  PointTable table;
  add_run(table, "base", 0, 4);
  add_run(table, "base", 1, 4);
  add_run(table, "fast", 1, 3.5, 0.1);
  add_run(table, "fast", 1, 3, 0.2);
  add_run(table, "fast", 2, 1);
  const auto found = crossings(table, "base", "fast");
  ASSERT_EQ(found.size(), 1u);
  EXPECT_EQ(found[0].seed, 1);
  EXPECT_NEAR(*found[0].candidate_flops, 4.5, 1e-9);
}

// A label of models of 10 and of 40 parameters: a run for each, and none that is of both.
TEST(ReportCrossing, ALabelOfSeveralModelsIsOfEachApart) {
  PointTable table;
  for (const double parameters : {10.0, 40.0}) {
    for (const char* architecture : {"base", "fast"}) {
      const std::size_t first = table.points.size();
      const bool base = architecture == std::string("base");
      add_run(table, architecture, 0, (base ? 4 : 3) * std::sqrt(parameters), 0.01, parameters);
      for (std::size_t i = first; i < table.points.size(); ++i) {
        table.points[i].parameters = parameters * (base ? 1 : 1.1);
        table.points[i].run.clear();
      }
    }
  }
  const auto found = crossings(table, "base", "fast");
  ASSERT_EQ(found.size(), 2u);
  for (const Crossing& crossing : found) {
    EXPECT_EQ(crossing.baseline_flops, 8 * crossing.parameters);
    ASSERT_TRUE(crossing.speedup);
    EXPECT_NEAR(*crossing.speedup, 16.0 / 9, 1e-9);  // as of one pair, above
  }
  // A budget each: no run has two evaluations, and no curve is made of two models.
  std::erase_if(table.points,
                [](const Point& p) { return p.flops != (p.parameters < 20 ? 10 : 80); });
  EXPECT_TRUE(crossings(table, "base", "fast").empty());
}

TEST(ReportCrossing, ArmsOfASearchDoNotCount) {
  PointTable table;
  add_run(table, "base", 0, 4);
  add_run(table, "fast", 0, 3);
  for (Point& p : table.points) {
    if (p.architecture == "fast") p.role = "arm";
  }
  EXPECT_TRUE(crossings(table, "base", "fast").empty());
}

}  // namespace
}  // namespace isoloss
