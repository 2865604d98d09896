#include "harness/oneshot/parquet/page_compression.h"

#include <gtest/gtest.h>

#include "model/spec/error.h"

namespace isoloss {
namespace {

using namespace std::string_view_literals;

std::string refused(std::string_view bytes, std::int64_t codec, std::size_t size) {
  try {
    unpacked_page(bytes, codec, size, "a.parquet");
  } catch (const InputError& error) {
    return error.what();
  }
  return "no error";
}

// github.com/google/snappy, format_description.txt: the length, then a literal of five bytes and a
// copy of six from five back.
TEST(PageCompression, SnappyByHand) {
  EXPECT_EQ(unpacked_page("\x0B\x10hello\x09\x05"sv, 1, 11, ""), "hellohelloh");
}

// RFC 1952 and 1951: a gzip member of one stored block; the sum is zlib's of "hello".
TEST(PageCompression, GzipByHand) {
  const auto member =
      "\x1F\x8B\x08\x00\x00\x00\x00\x00\x00\x03\x01\x05\x00\xFA\xFFhello\x86\xA6\x10\x36\x05\x00\x00\x00"sv;
  EXPECT_EQ(unpacked_page(member, 2, 5, ""), "hello");
}

// RFC 8878: magic, a frame of a single segment of 5 bytes, a last raw block.
TEST(PageCompression, ZstandardByHand) {
  EXPECT_EQ(unpacked_page("\x28\xB5\x2F\xFD\x20\x05\x29\x00\x00hello"sv, 6, 5, ""), "hello");
}

TEST(PageCompression, ASizeThatDiffersIsDamage) {
  EXPECT_EQ(refused("hello", 0, 4),
            "a.parquet: damaged parquet (a page of 5 bytes that says 4); fetch the file again");
  EXPECT_EQ(
      refused("\x0B\x10hello\x09\x05"sv, 1, 12),
      "a.parquet: damaged parquet (a page that Snappy does not unpack to its 12 bytes); fetch "
      "the file again");
  for (const std::size_t size : {4, 6})
    EXPECT_NE(refused("\x28\xB5\x2F\xFD\x20\x05\x29\x00\x00hello"sv, 6, size), "no error");
  for (const int codec : {1, 2, 6}) EXPECT_NE(refused("", codec, 3), "no error") << codec;
}

TEST(PageCompression, OthersAreNamed) {
  EXPECT_EQ(refused("x", 4, 1),
            "a.parquet: packed by Brotli (Snappy, gzip, Zstandard and plain pages are read); write "
            "it anew with one of those, or export the data set as JSON lines");
  EXPECT_EQ(refused("x", 8, 1),
            "a.parquet: damaged parquet (compression 8 of 0 to 7); fetch the file again");
  EXPECT_EQ(refused("x", -1, 1),
            "a.parquet: damaged parquet (compression -1 of 0 to 7); fetch the file again");
}

}  // namespace
}  // namespace isoloss
