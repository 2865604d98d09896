// Which of very many points and budgets plots show.
#include "analysis/report/report_plot_parts.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <algorithm>

namespace isoloss {
namespace {

using testing::ElementsAre;

TEST(DrawnPlaces, AreAllOfFewAndAnEvenSelectionOfMany) {
  EXPECT_THAT(drawn_places(0, 4), ElementsAre());
  EXPECT_THAT(drawn_places(4, 4), ElementsAre(0, 1, 2, 3));
  EXPECT_THAT(drawn_places(10, 4), ElementsAre(0, 3, 6, 9));
  const std::vector<std::size_t> places = drawn_places(1'000'000, kMostDrawn);
  EXPECT_EQ(places.size(), kMostDrawn);
  EXPECT_EQ(places.back(), 999'999u);
  EXPECT_TRUE(std::adjacent_find(places.begin(), places.end()) == places.end());
}

}  // namespace
}  // namespace isoloss
