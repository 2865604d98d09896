#include "analysis/plot/plot.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <stdlib.h>

#include <filesystem>
#include <limits>
#include <regex>
#include <set>

#include "analysis/plot/html_style.h"
#include "analysis/plot/plot_render.h"
#include "analysis/plot/plot_svg.h"
#include "analysis/plot/plot_ticks.h"
#include "model/spec/error.h"
#include "tests/temporary_folder.h"

namespace isoloss {
namespace {

using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::Not;

Plot small_plot() {
  Plot plot;
  plot.name = "small";
  plot.title = "A <small> plot";
  plot.x = {"compute & 'more' _x^2", true, false, {}};
  plot.y = {"loss", true, false, {}};
  Series series;
  series.title = "it's <b>";
  series.kind = SeriesKind::LinesPoints;
  series.x = {1e11, 2e11, 1e12};
  series.y = {2.25, 2.0, 1.75};
  plot.series = {series};
  return plot;
}

std::multiset<std::string> ids_of(const std::string& text) {
  std::multiset<std::string> ids;
  const std::regex id("\\sid=[\"']([^\"']*)[\"']");
  for (std::sregex_iterator i(text.begin(), text.end(), id), end; i != end; ++i) {
    ids.insert((*i)[1]);
  }
  return ids;
}

TEST(PlotTicks, ShortLogarithmicAxisTakesOneTwoFive) {
  EXPECT_THAT(choose_ticks(1.5e11, 2.5e12, true), ElementsAre(2e11, 5e11, 1e12, 2e12));
}

TEST(PlotTicks, NarrowLogarithmicAxisTakesEvenSteps) {
  const auto ticks = choose_ticks(1.62, 2.28, true, 6);
  ASSERT_EQ(ticks.size(), 3u);  // steps of 0.2: the next round step above 0.66 / 6
  EXPECT_DOUBLE_EQ(ticks.front(), 1.8);
  EXPECT_DOUBLE_EQ(ticks.back(), 2.2);
}

TEST(PlotTicks, WideLogarithmicAxisTakesPowersOfTenAlone) {
  EXPECT_THAT(choose_ticks(1e2, 1e7, true), ElementsAre(1e2, 1e3, 1e4, 1e5, 1e6, 1e7));
}

TEST(PlotTicks, LabelsReadAsPowers) {
  EXPECT_EQ(tick_label(2e11), "2·10¹¹");
  EXPECT_EQ(tick_label(1e12), "10¹²");
  EXPECT_EQ(tick_label(0.03), "0.03");
  EXPECT_EQ(tick_label(1.8), "1.8");
}

TEST(PlotScript, CarriesTheSeriesAndQuotesItsLabels) {
  const std::string script = gnuplot_script(small_plot()).text;
  EXPECT_THAT(script, HasSubstr("100000000000 2.25\n200000000000 2\n1000000000000 1.75\n"));
  EXPECT_THAT(script, HasSubstr("title 'it''s <b>'"));
}

TEST(PlotScript, LeavesOutWhatALogarithmicAxisCannotShow) {
  Plot plot = small_plot();
  plot.series[0].y = {2.25, -1.0, std::numeric_limits<double>::quiet_NaN()};
  const std::string script = gnuplot_script(plot).text;
  EXPECT_THAT(script, HasSubstr("100000000000 2.25\nEND_OF_DATA"));
}

TEST(PlotScript, DrawsAFewThousandMarkersOfManyAndTheirTips) {
  Plot plot = small_plot();
  Series& series = plot.series[0];
  series.kind = SeriesKind::Points;
  series.x.assign(7000, 1e11);
  series.y.assign(7000, 2.0);
  series.tips.assign(7000, "tip");
  EXPECT_EQ(marker_stride(series), 3u);                        // 7000 / 3000, rounded up
  EXPECT_EQ(gnuplot_script(plot).tips.front().size(), 2334u);  // 0, 3, ..., 6999
}

TEST(PlotScript, ReversedAxisRunsFromHighToLow) {
  Plot plot = small_plot();
  plot.x = {"loss", false, true, {}};
  plot.series[0].x = {1, 2, 3};
  EXPECT_THAT(gnuplot_script(plot).text,
              HasSubstr("set xrange [3.12:0.88]"));  // 6 % beyond 1 and 3
}

TEST(PlotScript, LineBreakInATitleCannotEndItsLine) {
  Plot plot = small_plot();
  plot.series[0].title = "a\n!touch x\n";
  EXPECT_THAT(gnuplot_script(plot).text, HasSubstr("title 'a !touch x '"));
}

TEST(PlotRender, IdsOfTwoPlotsDoNotMeet) {
  const test::TemporaryFolder folder;
  Plot other = small_plot();
  other.name = "other";
  const auto ids = ids_of(render_plot(small_plot(), folder.path(), "a test").inlined +
                          render_plot(other, folder.path(), "a test").inlined);
  ASSERT_FALSE(ids.empty());
  EXPECT_EQ(ids.size(), std::set<std::string>(ids.begin(), ids.end()).size());
}

TEST(PlotRender, ScalesAndFollowsThePage) {
  const test::TemporaryFolder folder;
  const ThemedSvg svg = render_plot(small_plot(), folder.path(), "a test");
  EXPECT_THAT(svg.inlined, HasSubstr("viewBox=\"0 0 480 400\""));
  EXPECT_THAT(svg.inlined, Not(HasSubstr("width=\"480\"")));
  EXPECT_THAT(svg.inlined, HasSubstr("class='ink-1'"));
  EXPECT_THAT(svg.inlined, Not(HasSubstr("'black'")));
  EXPECT_THAT(svg.inlined, Not(HasSubstr("\"black\"")));
  EXPECT_THAT(svg.inlined, Not(HasSubstr("<style>")));
  EXPECT_THAT(svg.standalone, HasSubstr("prefers-color-scheme:dark"));
}

TEST(PlotRender, LabelsAreTextAndNeverMarkup) {
  const test::TemporaryFolder folder;
  const std::string svg = render_plot(small_plot(), folder.path(), "a test").inlined;
  EXPECT_THAT(svg, HasSubstr("it's &lt;b>"));
  EXPECT_THAT(svg, HasSubstr("A &lt;small&gt; plot"));
  EXPECT_THAT(svg, Not(HasSubstr("<b>")));
}

// The titles that the <use> elements of a plot hold, with where gnuplot put them from the left.
std::vector<std::pair<double, std::string>> titles_of(const std::string& svg) {
  std::vector<std::pair<double, std::string>> out;
  const std::regex use("translate\\(([0-9.]+),[^>]*><title>([^<]*)</title></use>");
  for (std::sregex_iterator i(svg.begin(), svg.end(), use), end; i != end; ++i) {
    out.push_back({std::stod((*i)[1]), (*i)[2]});
  }
  return out;
}

TEST(PlotRender, EveryMarkerSaysItsOwnTip) {
  const test::TemporaryFolder folder;
  for (const SeriesKind kind : {SeriesKind::Points, SeriesKind::LinesPoints}) {
    Plot plot = small_plot();
    plot.series[0].kind = kind;
    plot.series[0].tips = {"first", "second <b>\"'&\nline", "third"};
    Series before;  // a clause before it, and one without tips
    before.kind = SeriesKind::Lines;
    before.title = "line";
    before.x = plot.series[0].x;
    before.y = {2.3, 2.1, 1.8};
    plot.series.insert(plot.series.begin(), before);
    const auto titles = titles_of(render_plot(plot, folder.path(), "a test").inlined);
    ASSERT_EQ(titles.size(), 3u);  // the key's sample says nothing
    EXPECT_EQ(titles[0].second, "first");
    EXPECT_EQ(titles[1].second, "second &lt;b&gt;&quot;&#39;&amp;\nline");
    EXPECT_EQ(titles[2].second, "third");
    // x is 1e11, 2e11 and 1e12, so the places go from left to right.
    EXPECT_LT(titles[0].first, titles[1].first);
    EXPECT_LT(titles[1].first, titles[2].first);
  }
}

TEST(PlotRender, TipsFollowTheMarkersThatAreDrawn) {
  const test::TemporaryFolder folder;
  Plot plot = small_plot();
  plot.series[0].y = {2.25, -1.0, 1.75};  // no place on a logarithmic axis
  plot.series[0].tips = {"first", "second", "third"};
  const auto titles = titles_of(render_plot(plot, folder.path(), "a test").inlined);
  ASSERT_EQ(titles.size(), 2u);
  EXPECT_EQ(titles[0].second, "first");
  EXPECT_EQ(titles[1].second, "third");
}

TEST(PlotRender, SecondAxisAndLabelsAreDrawn) {
  const test::TemporaryFolder folder;
  Plot plot = small_plot();
  plot.second = SecondAxis{"bits per byte", 1.0 / 0.6931};
  plot.labels = {{2e11, 2.0, "here <i>"}};
  const std::string svg = render_plot(plot, folder.path(), "a test").inlined;
  EXPECT_THAT(svg, HasSubstr("bits per byte"));
  EXPECT_THAT(svg, HasSubstr("here &lt;i>"));
}

TEST(PlotScript, SecondAxisIsTheFirstInItsUnit) {
  Plot plot = small_plot();
  plot.y = {"loss", false, false, {}};
  plot.second = SecondAxis{"bits per byte", 2.0};
  // 6 % beyond 1.75 and 2.25, and twice that.
  const std::string script = gnuplot_script(plot).text;
  EXPECT_THAT(script, HasSubstr("set yrange [1.72:2.28]"));
  EXPECT_THAT(script, HasSubstr("set y2range [3.44:4.56]"));
}

TEST(PlotRender, SaysHowToGetGnuplot) {
  const test::TemporaryFolder folder;
  const std::string path = getenv("PATH");
  setenv("PATH", folder.path().c_str(), 1);
  try {
    render_plot(small_plot(), folder.path(), "a test");
    ADD_FAILURE() << "drawn without gnuplot";
  } catch (const WorkError& error) {
    EXPECT_THAT(error.what(), HasSubstr("gnuplot-nox"));
  }
  setenv("PATH", path.c_str(), 1);
}

TEST(PlotRender, ErrorBarsLeaveNoFixedColour) {
  const test::TemporaryFolder folder;
  Plot plot = small_plot();
  plot.series[0].low = {2.2, 1.9, 1.7};
  plot.series[0].high = {2.3, 2.1, 1.8};
  const std::string svg = render_plot(plot, folder.path(), "a test").inlined;
  EXPECT_THAT(svg, Not(HasSubstr("white")));
  EXPECT_THAT(svg, Not(HasSubstr("#FFFFFF")));
  EXPECT_THAT(svg, Not(HasSubstr("rgb(")));
}

TEST(PlotSvg, ForeignTextIsNoPlot) { EXPECT_TRUE(themed_svg("not SVG", "a", "b").inlined.empty()); }

TEST(HtmlStyle, InksWrapAround) { EXPECT_EQ(ink_colour(1), ink_colour(1 + kInks)); }

}  // namespace
}  // namespace isoloss
