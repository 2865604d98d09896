#include "harness/oneshot/parquet/run_lengths.h"

#include <gtest/gtest.h>

#include "model/spec/error.h"

namespace isoloss {
namespace {

using Values = std::vector<std::uint32_t>;
using namespace std::string_view_literals;

Values runs(std::string_view bytes, unsigned bits, std::size_t count) {
  ByteCursor cursor(bytes, "here");
  return run_lengths(cursor, bits, count);
}

// parquet-format, Encodings.md: the numbers 0 to 7 in three bits each are 10001000 11000110
// 11111010.
TEST(RunLengths, PackedValuesAreThoseOfTheSpecificationsExample) {
  EXPECT_EQ(runs("\x03\x88\xC6\xFA"sv, 3, 8), (Values{0, 1, 2, 3, 4, 5, 6, 7}));
}

TEST(RunLengths, ARunIsAValueOfWholeBytes) {
  EXPECT_EQ(runs("\x08\x01"sv, 1, 4), (Values{1, 1, 1, 1}));
  EXPECT_EQ(runs("\x04\x2C\x01"sv, 9, 2), (Values{300, 300}));
  EXPECT_EQ(runs("\xC8\x01\x00"sv, 1, 100), Values(100, 0)) << "a length of two bytes";
  EXPECT_EQ(runs("\x06"sv, 0, 3), (Values{0, 0, 0})) << "no bits, no bytes";
}

TEST(RunLengths, RunsOfBothKindsFollowOneAnother) {
  EXPECT_EQ(runs("\x04\x05\x03\x88\xC6\xFA\x02\x07"sv, 3, 11),
            (Values{5, 5, 0, 1, 2, 3, 4, 5, 6, 7, 7}));
}

TEST(RunLengths, TheCursorStandsBehindTheLastGroup) {
  ByteCursor cursor("\x03\x88\xC6\xFAx"sv, "here");
  EXPECT_EQ(run_lengths(cursor, 3, 5), (Values{0, 1, 2, 3, 4}));
  EXPECT_EQ(cursor.byte(), 'x');
}

TEST(RunLengths, ValuesOf32BitsAreWhole) {
  EXPECT_EQ(runs("\x02\xFF\xFF\xFF\xFF"sv, 32, 1), Values{0xFFFFFFFF});
  EXPECT_EQ(runs("\x03"
                 "\x00\x00\x00\x80"
                 "\x01\x00\x00\x00"sv,
                 32, 2),
            (Values{0x80000000, 1}));
}

TEST(RunLengths, WhatEndsTooEarlyIsDamaged) {
  EXPECT_THROW(runs(""sv, 1, 1), InputError);
  EXPECT_THROW(runs("\x03\x88\xC6"sv, 3, 8), InputError);
  EXPECT_THROW(runs("\x04"sv, 9, 2), InputError);
  EXPECT_THROW(runs("\x04\x01"sv, 1, 3), InputError);
  EXPECT_THROW(runs("\x04\x01\x00\x00\x00\x00"sv, 33, 2), InputError);
  EXPECT_THROW(runs("\xFF\xFF\xFF\xFF\xFF\xFF\xFF\xFF\xFF\xFF\x01"sv, 1, 2), InputError);
  EXPECT_THROW(runs("\x00\x00\x00"sv, 0, 1), InputError) << "runs of no length go on for ever";
}

}  // namespace
}  // namespace isoloss
