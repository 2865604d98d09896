// Bytes by hand from Thrift's specification of its compact protocol.
#include "harness/oneshot/parquet/thrift_compact.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "model/spec/error.h"

namespace isoloss {
namespace {

using namespace std::string_view_literals;

ThriftValue read(std::string_view bytes) {
  ByteCursor cursor(bytes, "here");
  return read_thrift(cursor);
}

TEST(ThriftCompact, NumbersAreZigzagAndFieldsCountOn) {
  // 1: i32 -1; 3: i64 150; 3 + 1: true; 5: false; 200 (its number in full): i16 1
  const ThriftValue value = read("\x15\x01\x26\xAC\x02\x11\x12\x04\x90\x03\x02\x00"sv);
  const ThriftFields fields(value, "x", "here");
  EXPECT_EQ(fields.number(1), -1);
  EXPECT_EQ(fields.number(3), 150);
  EXPECT_EQ(fields.number(4), 1);
  EXPECT_EQ(fields.number(5), 0);
  EXPECT_EQ(fields.number(200), 1);
  EXPECT_EQ(fields.number_or(2, 7), 7);
  EXPECT_FALSE(fields.has(2));
}

TEST(ThriftCompact, BytesListsAndStructsHoldOneAnother) {
  // 1: "ab"; 2: list of two i32 1, 2; 3: struct {1: i8 -1}; 4: list of one truth value
  const ThriftValue value = read(
      "\x18\x02"
      "ab\x19\x25\x02\x04\x1C\x13\xFF\x00\x19\x11\x01\x00"sv);
  const ThriftFields fields(value, "x", "here");
  EXPECT_EQ(fields.bytes(1), "ab");
  ASSERT_EQ(fields.list(2).size(), 2u);
  EXPECT_EQ(fields.list(2)[1].number, 2);
  EXPECT_EQ(fields.part(3, "y").number(1), -1);
  EXPECT_EQ(fields.list(4).at(0).number, 1);
}

TEST(ThriftCompact, WhatNobodyAsksForIsPassedOver) {
  // 1: double; 2: map of one i32 to bytes; 3: empty map; 4: UUID; 5: i32 3
  const ThriftValue value = read(
      "\x17"
      "12345678"
      "\x1B\x01\x58\x02\x01z\x1B\x00\x1D"
      "0123456789abcdef"
      "\x15\x06\x00"sv);
  EXPECT_EQ(ThriftFields(value, "x", "here").number(5), 3);
}

TEST(ThriftCompact, WhatIsMissingOrOfAnotherTypeIsNamed) {
  const ThriftValue value = read("\x15\x01\x00"sv);
  const ThriftFields fields(value, "footer", "a.parquet");
  const auto message = [&](auto ask) {
    try {
      ask();
    } catch (const InputError& error) {
      return std::string(error.what());
    }
    return std::string("no error");
  };
  EXPECT_EQ(message([&] { fields.number(2); }),
            "a.parquet: damaged parquet (field 2 of its footer is missing); fetch the file again");
  EXPECT_EQ(message([&] { fields.bytes(1); }),
            "a.parquet: damaged parquet (field 1 of its footer is of another type); fetch the file "
            "again");
  EXPECT_EQ(message([&] { fields.count(1); }),
            "a.parquet: damaged parquet (field 1 of its footer is -1); fetch the file again");
}

TEST(ThriftCompact, DamageIsRefused) {
  EXPECT_THROW(read(""sv), InputError);
  EXPECT_THROW(read("\x15"sv), InputError);
  EXPECT_THROW(read("\x15\x02"sv), InputError) << "no end";
  EXPECT_THROW(read("\x18\x7F"
                    "a\x00"sv),
               InputError);
  EXPECT_THROW(read("\x1E\x00"sv), InputError) << "no such type";
  EXPECT_THROW(read("\x19\xF5\xFF\xFF\xFF\xFF\x0F\x00"sv), InputError)
      << "a count beyond the bytes";
  EXPECT_THROW(read(std::string(1000, '\x1C')), InputError) << "structs without end";
  EXPECT_THROW(read(std::string(1000, '\x19')), InputError) << "lists without end";
}

}  // namespace
}  // namespace isoloss
