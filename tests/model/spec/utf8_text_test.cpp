#include "model/spec/utf8_text.h"

#include <gtest/gtest.h>

#include <string>

namespace isoloss {
namespace {

using std::string_literals::operator""s;

// Python 3.11: bytes.decode("utf-8", errors="replace"), which replaces maximal subparts; the second
// is the Unicode Standard's table 3-8.
TEST(Utf8Text, WhatIsNoTextIsReplacedAsPythonReplacesIt) {
  const struct {
    std::string bytes, text;
  } cases[] = {
      {"caf\xC3", "caf\uFFFD"},
      {"\xF0\x80\x80\x41", "\uFFFD\uFFFD\uFFFD\x41"},
      {"\xE2\x82", "\uFFFD"},
      {"\xE2\x82\x41", "\uFFFD\x41"},
      {"\xF0\x9F\x98", "\uFFFD"},
      {"\x80\xFF", "\uFFFD\uFFFD"},
      {"\xED\xA0\x80", "\uFFFD\uFFFD\uFFFD"},
      {"\xF4\x90\x80\x80", "\uFFFD\uFFFD\uFFFD\uFFFD"},
      {"\xC0\xAF", "\uFFFD\uFFFD"},
      {"\xC3\xC3\xA9", "\uFFFD\u00E9"},
  };
  for (const auto& [bytes, text] : cases) {
    EXPECT_EQ(well_formed(bytes), text);
    EXPECT_FALSE(is_utf8(bytes));
    EXPECT_TRUE(is_utf8(text));
  }
  const std::string plain = "a\0\u00E9\u20AC\U0001F600"s;
  EXPECT_EQ(well_formed(plain), plain);
  EXPECT_TRUE(is_utf8(plain));
  EXPECT_EQ(well_formed(""), "");
}

}  // namespace
}  // namespace isoloss
