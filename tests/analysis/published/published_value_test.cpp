#include "analysis/published/published_value.h"

#include <gtest/gtest.h>

#include <array>
#include <cmath>

namespace isoloss {
namespace {

TEST(PublishedValue, HalfAUnitOfTheLastWrittenPlaceIsOpen) {
  const struct {
    const char* text;
    double unit, value, half;
  } cases[] = {
      {"35.44", 0, 35.44, 0.005},    {"54", 0, 54, 0.5},         {"0.0", 0, 0, 0.05},
      {"2.96e22", 0, 2.96e22, 5e19}, {"24e3", 0, 24000, 500},    {"1.5e-2", 0, 0.015, 5e-4},
      {"15700", 100, 15700, 50},     {"-0.30", 0, -0.30, 0.005}, {"54", 0.1, 54, 0.05}};
  for (const auto& c : cases) {
    const auto read = read_rounded(c.text, c.unit);
    ASSERT_TRUE(read) << c.text;
    EXPECT_DOUBLE_EQ(read->value, c.value) << c.text;
    EXPECT_NEAR(read->high - read->low, 2 * c.half, 1e-9 * c.half) << c.text;
  }
}

TEST(PublishedValue, OtherTextIsNoNumber) {
  for (const char* text : {"", "n/a", "1.2x", "1,000", "nan", "inf", " 1"}) {
    EXPECT_FALSE(read_rounded(text)) << text;
  }
}

TEST(PublishedValue, ARatioOfRoundedNumbersIsARange) {
  // By hand: 15.7 / 3.8 = 4.1316; 15.65 / 3.85 = 4.0649 and 15.75 / 3.75 = 4.2.
  const std::array inputs{*read_rounded("15.7"), *read_rounded("3.8")};
  const RoundedValue ratio =
      over_corners(inputs, [](std::span<const double> v) { return v[0] / v[1]; });
  EXPECT_NEAR(ratio.value, 4.131579, 1e-6);
  EXPECT_NEAR(ratio.low, 4.064935, 1e-6);
  EXPECT_NEAR(ratio.high, 4.2, 1e-12);
}

TEST(PublishedValue, CornersThatAreNoNumberAreLeftOut) {
  const std::array inputs{RoundedValue{1, -1, 3}};
  const RoundedValue root =
      over_corners(inputs, [](std::span<const double> v) { return std::sqrt(v[0]); });
  EXPECT_EQ(root.low, 1);
  EXPECT_EQ(root.high, std::sqrt(3.0));
}

TEST(PublishedValue, WeightsBelowZeroTurnTheRange) {
  const std::array terms{*read_rounded("13.25"), *read_rounded("12.35")};
  const RoundedValue difference = weighted_sum(terms, std::array{1.0, -1.0});
  EXPECT_NEAR(difference.value, 0.90, 1e-12);
  EXPECT_NEAR(difference.low, 0.89, 1e-12);
  EXPECT_NEAR(difference.high, 0.91, 1e-12);
}

TEST(PublishedValue, EndsThatTouchMeet) {
  // 0.1 + 0.2 is not 0.3 in binary: ends are compared as the decimals that they stand for.
  EXPECT_TRUE(meets({0.2, 0.1, 0.1 + 0.2}, {0.4, 0.3, 0.5}));
  EXPECT_FALSE(meets({0.2, 0.1, 0.299}, {0.4, 0.3, 0.5}));
  EXPECT_TRUE(at_most({0.2, 0.1, 0.1 + 0.2}, {0.4, 0.3, 0.5}));
  EXPECT_TRUE(rounds_to({34.35, 34.35, 34.35}, *read_rounded("34.3")));
  EXPECT_FALSE(rounds_to({34.36, 34.36, 34.36}, *read_rounded("34.3")));
}

}  // namespace
}  // namespace isoloss
