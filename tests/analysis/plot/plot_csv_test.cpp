#include "analysis/plot/plot_csv.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <cmath>
#include <sstream>

#include "results/csv.h"

namespace isoloss {
namespace {

using ::testing::ElementsAre;
using ::testing::HasSubstr;

CsvTable read(const std::string& text) {
  std::istringstream in(text);
  return read_csv(in, "plot.csv");
}

TEST(PlotCsv, HoldsEveryNumberOfThePlot) {
  Plot plot;
  plot.name = "p";
  plot.title = "A plot.";
  plot.x.label = "compute";
  plot.y.label = "loss";
  plot.y.logarithmic = true;
  Series points;
  points.title = "a, \"b\"";
  points.x = {1e11, 0.1};
  points.y = {1.0 / 3, -1};  // the second has no place on the axis and is written all the same
  points.tips = {"one\ntwo", "three"};
  Series band;
  band.name = "band of b";
  band.kind = SeriesKind::Band;
  band.x = {2};
  band.low = {3};
  band.high = {std::nan("")};
  plot.series = {points, band};
  plot.levels = {{1.5, "floor"}};
  plot.labels = {{1, 2, "here"}};
  const std::string text = plot_csv(plot, "isoloss report of data 00");
  const CsvTable csv = read(text);
  EXPECT_THAT(csv.comments, ElementsAre(HasSubstr("A plot."), "x: compute; y: loss",
                                        "isoloss report of data 00"));
  EXPECT_THAT(csv.columns, ElementsAre("series", "kind", "x", "y", "low", "high", "point"));
  ASSERT_EQ(csv.rows.size(), 5u);
  EXPECT_THAT(csv.rows[0].fields, ElementsAre("a, \"b\"", "points", "100000000000",
                                              "0.3333333333333333", "", "", "one; two"));
  EXPECT_THAT(csv.rows[1].fields, ElementsAre("a, \"b\"", "points", "0.1", "-1", "", "", "three"));
  EXPECT_THAT(csv.rows[2].fields, ElementsAre("band of b", "band", "2", "", "3", "", ""));
  EXPECT_THAT(csv.rows[3].fields, ElementsAre("floor", "level", "", "1.5", "", "", ""));
  EXPECT_THAT(csv.rows[4].fields, ElementsAre("here", "label", "1", "2", "", "", ""));
}

TEST(PlotCsv, LineBreaksInLabelsStayInTheirComment) {
  Plot plot;
  plot.title = "a\nseries,kind";
  const CsvTable csv = read(plot_csv(plot, "b\rc\nd"));
  EXPECT_EQ(csv.comments.size(), 3u);
  EXPECT_TRUE(csv.rows.empty());
}

}  // namespace
}  // namespace isoloss
