#include "model/spec/lone_surrogate.h"

#include <gtest/gtest.h>

namespace isoloss {
namespace {

// Python 3: json.dumps("\ud800"), json.dumps("\U0001F600"), json.dumps("\\ud800").
TEST(LoneSurrogate, IsFoundAndPairsAreNone) {
  EXPECT_EQ(lone_surrogate(R"({"text": "a \ud800 b"})"), R"(\ud800)");
  EXPECT_EQ(lone_surrogate(R"("\ud83d\ude00")"), "");
  EXPECT_EQ(lone_surrogate(R"("\\ud800")"), "");
  EXPECT_EQ(lone_surrogate(R"("\\\uDFFF")"), R"(\uDFFF)");
  EXPECT_EQ(lone_surrogate(R"("\ud83d\ude00\ude01")"), R"(\ude01)");
  EXPECT_EQ(lone_surrogate(R"("\ud83d\ud83d\ude00")"), R"(\ud83d)");
  EXPECT_EQ(lone_surrogate(R"("\u00e4\n\ue000")"), "");
  EXPECT_EQ(lone_surrogate(R"("\ud8)"), "");
}

}  // namespace
}  // namespace isoloss
