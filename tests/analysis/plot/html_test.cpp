#include "analysis/plot/html.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <limits>
#include <sstream>

#include "analysis/plot/number_text.h"
#include "results/csv.h"

namespace isoloss {
namespace {

using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::Not;

Table hostile_table() {
  return {"t",
          "a <caption>",
          {{"name", "name", false}, {"x", "x", true}},
          {{text_cell("<script>\"a\", 'b'\n&"), fixed_cell(1.23456789, 2)},
           {text_cell("#c"), fixed_cell(std::numeric_limits<double>::quiet_NaN(), 2)}}};
}

TEST(Html, EscapesEveryCharacterWithAMeaning) {
  EXPECT_EQ(html_escape("<a href=\"x\">'&'\x01</a>"),
            "&lt;a href=&quot;x&quot;&gt;&#39;&amp;&#39;&lt;/a&gt;");
}

TEST(Html, TableHoldsNoMarkupOfItsCells) {
  const std::string html = html_table(hostile_table());
  EXPECT_THAT(html, Not(HasSubstr("<script>")));
  EXPECT_THAT(html, HasSubstr("a &lt;caption&gt;"));
}

// What a narrow screen shows of a column in place of its head.
TEST(Html, CellsOfCardsSayTheirHeading) {
  Table table = hostile_table();
  table.columns[1].heading = "x \"y\"";
  EXPECT_THAT(html_table(table), Not(HasSubstr("data-heading")));
  table.cards = true;
  EXPECT_THAT(html_table(table),
              HasSubstr("<td class=\"number\" data-heading=\"x &quot;y&quot;\">1.23</td>"));
  EXPECT_THAT(html_table(table), HasSubstr("class=\"scroll cards\""));
}

TEST(Html, CsvReadsBackAtFullPrecision) {
  std::istringstream in(csv_of(hostile_table(), "a test"));
  const CsvTable csv = read_csv(in, "t.csv");
  EXPECT_THAT(csv.comments, ElementsAre("a test"));
  EXPECT_THAT(csv.columns, ElementsAre("name", "x"));
  ASSERT_EQ(csv.rows.size(), 2u);
  EXPECT_THAT(csv.rows[0].fields, ElementsAre("<script>\"a\", 'b'\n&", "1.23456789"));
  EXPECT_THAT(csv.rows[1].fields, ElementsAre("#c", ""));
}

TEST(Html, PageNeedsNothingFromOutside) {
  const std::string page = html_page("t", "body");
  EXPECT_THAT(page, HasSubstr("prefers-color-scheme:dark"));
  EXPECT_THAT(page, HasSubstr("width=device-width"));
  EXPECT_THAT(page, Not(HasSubstr("http")));
  EXPECT_THAT(page, Not(HasSubstr("<script")));
}

TEST(ReportNumber, ReadsAsPeopleWriteIt) {
  EXPECT_EQ(significant(2e11, 4), "2e11");
  EXPECT_EQ(significant(0.03, 3), "0.03");
  EXPECT_EQ(interval_text({1.123, 1.5}), "[1.12, 1.50]");
  EXPECT_EQ(budget_in_words(1e6, "tokens"), "1e6 tokens");
  EXPECT_EQ(count_text(1, "run"), "1 run");
}

}  // namespace
}  // namespace isoloss
