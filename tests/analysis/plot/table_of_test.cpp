#include "analysis/plot/table_of.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <cstdint>
#include <optional>
#include <stdexcept>
#include <string>
#include <vector>

namespace isoloss {
namespace {

using ::testing::ElementsAre;
using ::testing::HasSubstr;

struct Fruit {
  std::string name;
};

struct Harvest {
  double kilograms = 0;
  std::int64_t trees = 0;
  std::optional<double> sugar;
  std::optional<Interval> of_years;
};

TableOf<Fruit, Harvest> harvests() {
  TableOf<Fruit, Harvest> table("harvests", "What trees gave.");
  table.words("fruit", "fruit", &Fruit::name);
  table.fixed("kilograms", "kg", 1, &Harvest::kilograms);
  table.count("trees", "trees", &Harvest::trees);
  table.significant("sugar", "sugar (%)", 3, &Harvest::sugar);
  table.fixed_ends("years", 2, &Harvest::of_years);
  table.sentence("note", "note", [](const Fruit& fruit, const Harvest& harvest) {
    return harvest.trees > 1 ? "from trees of " + fruit.name : "";
  });
  return table;
}

std::vector<std::string> shown(const std::vector<TableCell>& row) {
  std::vector<std::string> out;
  for (const TableCell& cell : row) out.push_back(cell.shown);
  return out;
}

TEST(TableOf, ColumnsAreAsTheyWereDeclared) {
  const Table table = harvests().take();
  std::vector<std::string> keys, headings;
  for (const TableColumn& column : table.columns) {
    keys.push_back(column.key);
    headings.push_back(column.heading);
  }
  EXPECT_THAT(
      keys, ElementsAre("fruit", "kilograms", "trees", "sugar", "years_low", "years_high", "note"));
  EXPECT_THAT(headings, ElementsAre("fruit", "kg", "trees", "sugar (%)", "from", "to", "note"));
  EXPECT_FALSE(table.columns[0].numeric);
  EXPECT_TRUE(table.columns[1].numeric);
  EXPECT_TRUE(table.columns[6].wraps);
}

TEST(TableOf, ValuesComeFromTheSubjectFromWhatIsToldOrBoth) {
  auto table = harvests();
  table.add({"apple"}, {12.345, 3, 11.238, Interval(10, 15.5)});
  table.add({"plum"}, {2, 1, std::nullopt, std::nullopt});
  const Table made = table.take();
  ASSERT_EQ(made.rows.size(), 2u);
  EXPECT_THAT(shown(made.rows[0]),
              ElementsAre("apple", "12.3", "3", "11.2", "10.00", "15.50", "from trees of apple"));
  EXPECT_EQ(made.rows[0][1].value, "12.345");
  EXPECT_THAT(shown(made.rows[1]), ElementsAre("plum", "2.0", "1", "", "", "", ""));
}

// Known of the subject alone is its name; why is in the last column, under no other heading.
TEST(TableOf, ARefusedRowIsAsWideAsTheOthers) {
  auto table = harvests();
  table.refuse({"pear"}, "no tree");
  const Table made = table.take();
  ASSERT_EQ(made.rows.size(), 1u);
  EXPECT_THAT(shown(made.rows[0]), ElementsAre("pear", "", "", "", "", "", "no tree"));
}

TEST(TableOf, NoColumnComesAfterARow) {
  auto table = harvests();
  table.add({"apple"}, {});
  EXPECT_THROW(table.words("late", "late", &Fruit::name), std::logic_error);
}

// A table put together by hand, whose rows nothing made as wide as its columns.
TEST(Html, RowsOfAnotherWidthAreRefusedByName) {
  for (const std::size_t cells : {1u, 3u}) {
    Table table{"by_hand", "", {{"a", "a"}, {"b", "b"}}, {}};
    table.rows.push_back({text_cell("1"), text_cell("2")});
    EXPECT_NO_THROW(html_table(table));
    table.rows.emplace_back(cells);
    const auto refusal = [&](const auto& write) {
      try {
        write();
      } catch (const std::logic_error& error) {
        return std::string(error.what());
      }
      return std::string("none");
    };
    for (const std::string& said :
         {refusal([&] { html_table(table); }), refusal([&] { csv_of(table, "a test"); })}) {
      EXPECT_THAT(said, HasSubstr("by_hand"));
      EXPECT_THAT(said, HasSubstr("row 1 "));
    }
  }
}

}  // namespace
}  // namespace isoloss
