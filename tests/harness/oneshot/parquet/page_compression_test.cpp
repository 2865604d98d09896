#include "harness/oneshot/parquet/page_compression.h"

#include <gtest/gtest.h>

#include "model/spec/error.h"
#include "tests/harness/oneshot/parquet/missing_packages.h"

namespace isoloss {
namespace {

using namespace std::string_literals;
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
constexpr auto kSnappyPage = "\x0B\x10hello\x09\x05"sv;

// RFC 1952 and 1951: a gzip member of one stored block; the sum is zlib's of "hello".
constexpr auto kGzipMember =
    "\x1F\x8B\x08\x00\x00\x00\x00\x00\x00\x03\x01\x05\x00\xFA\xFFhello\x86\xA6\x10\x36\x05\x00\x00\x00"sv;

// One of an empty stored block, whose sum is 0.
constexpr auto kEmptyGzipMember =
    "\x1F\x8B\x08\x00\x00\x00\x00\x00\x00\x03\x01\x00\x00\xFF\xFF\x00\x00\x00\x00\x00\x00\x00\x00"sv;

// RFC 8878: magic, a frame of a single segment of 5 bytes, a last raw block.
constexpr auto kZstandardPage = "\x28\xB5\x2F\xFD\x20\x05\x29\x00\x00hello"sv;

TEST(PageCompression, SnappyByHand) {
  if (const auto missing = missing_packages({kSnappy}); !missing.empty()) GTEST_SKIP() << missing;
  EXPECT_EQ(unpacked_page(kSnappyPage, kSnappy, 11, ""), "hellohelloh");
}

TEST(PageCompression, GzipByHand) {
  if (const auto missing = missing_packages({kGzip}); !missing.empty()) GTEST_SKIP() << missing;
  EXPECT_EQ(unpacked_page(kGzipMember, kGzip, 5, ""), "hello");
}

// RFC 1952, section 2.2: "A gzip file consists of a series of "members"", which "simply appear one
// after another in the file, with no additional information before, between, or after them".
TEST(PageCompression, GzipMembersFollowOneAnother) {
  if (const auto missing = missing_packages({kGzip}); !missing.empty()) GTEST_SKIP() << missing;
  const std::string one(kGzipMember), empty(kEmptyGzipMember);
  EXPECT_EQ(unpacked_page(one + one, kGzip, 10, ""), "hellohello");
  EXPECT_EQ(unpacked_page(one + empty + one + empty, kGzip, 10, ""), "hellohello");
  for (const std::size_t size : {5, 9, 11})
    EXPECT_NE(refused(one + one, kGzip, size), "no error") << size;
  EXPECT_NE(refused(one + "x", kGzip, 5), "no error") << "what follows is no member";
  EXPECT_NE(refused(one + one.substr(0, one.size() - 1), kGzip, 10), "no error") << "cut short";
  std::string damaged = one + one;
  damaged[damaged.size() - 8] ^= 1;  // the sum of the second
  EXPECT_NE(refused(damaged, kGzip, 10), "no error");
}

TEST(PageCompression, ZstandardByHand) {
  if (const auto missing = missing_packages({kZstandard}); !missing.empty())
    GTEST_SKIP() << missing;
  EXPECT_EQ(unpacked_page(kZstandardPage, kZstandard, 5, ""), "hello");
}

TEST(PageCompression, ASizeThatDiffersIsDamage) {
  EXPECT_EQ(refused("hello", 0, 4),
            "a.parquet: damaged parquet (a page of 5 bytes that says 4); fetch the file again");
  if (const auto missing = missing_packages({kSnappy, kGzip, kZstandard}); !missing.empty())
    GTEST_SKIP() << missing;
  EXPECT_EQ(
      refused(kSnappyPage, kSnappy, 12),
      "a.parquet: damaged parquet (a page that Snappy does not unpack to its 12 bytes); fetch "
      "the file again");
  for (const std::size_t size : {4, 6})
    EXPECT_NE(refused(kZstandardPage, kZstandard, size), "no error");
  for (const std::int64_t codec : {kSnappy, kGzip, kZstandard})
    EXPECT_NE(refused("", codec, 3), "no error") << codec;
}

// Nothing of the size is taken before the bytes are seen to be able to unpack to it: two gibibytes,
// a thousand times, would take minutes.
TEST(PageCompression, ASizeThatNoSuchBytesUnpackToTakesNoMemory) {
  if (const auto missing = missing_packages({kSnappy, kGzip, kZstandard}); !missing.empty())
    GTEST_SKIP() << missing;
  for (int i = 0; i < 1000; ++i)
    for (const std::int64_t codec : {kSnappy, kGzip, kZstandard})
      ASSERT_NE(refused("hello", codec, INT32_MAX), "no error") << codec;
}

// Deflate's most, 1032 to 1 (zlib.net/zlib_tech.html), is allowed for: zlib's own of 100,000 zeros,
// as Python's gzip.compress(bytes(100000), mtime=0) writes them, is 132 bytes, 757 to 1.
TEST(PageCompression, PagesThatUnpackToManyTimesTheirSizeAreRead) {
  if (const auto missing = missing_packages({kGzip}); !missing.empty()) GTEST_SKIP() << missing;
  const std::string packed =
      "\x1F\x8B\x08\x00\x00\x00\x00\x00\x02\x03\xED\xC1\x31\x01\x00\x00\x00\xC2\xA0\xF5\x4F\x6D\x0D"
      "\x0F\xA0"s +
      std::string(96, '\0') + "\x80\x57\x03\x7D\x95\x11\xD4\xA0\x86\x01\x00"s;
  EXPECT_EQ(unpacked_page(packed, kGzip, 100000, ""), std::string(100000, '\0'));
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
