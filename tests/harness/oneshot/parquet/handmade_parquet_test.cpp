// Files that no library here writes (handmade_parquet.h).
#include "tests/harness/oneshot/parquet/handmade_parquet.h"

#include <gtest/gtest.h>

#include "harness/oneshot/parquet/parquet_rows.h"
#include "model/spec/error.h"

namespace isoloss {
namespace {

using nlohmann::json;

std::string refused(const std::string& bytes) {
  try {
    parquet_rows(bytes, "a.parquet");
  } catch (const InputError& error) {
    return error.what();
  }
  return "no error";
}

// parquet-format, Encodings.md: bytes are "length in 4 bytes little endian followed by the bytes".
std::string plain_bytes(const std::vector<std::string>& values) {
  std::string bytes;
  for (const std::string& value : values)
    bytes += four_bytes(static_cast<std::uint32_t>(value.size())) + value;
  return bytes;
}

std::string of_bytes(const std::vector<std::string>& values, int converted) {
  const auto count = static_cast<std::int64_t>(values.size());
  return handmade_parquet(
      kBytesColumn, count,
      {{.values = count, .encoding = kPlainValues, .bytes = plain_bytes(values)}}, converted);
}

constexpr int kUnannotated = -1, kUtf8 = 0;  // enum ConvertedType

// parquet-format, LogicalTypes.md, "STRING" annotates what is UTF-8; writers of Impala's, Hive's
// and older Spark's left it away, and readers have an option to take such bytes for text (Spark:
// spark.sql.parquet.binaryAsString).
TEST(HandmadeParquet, BytesWithoutAnAnnotationAreTextWhereTheyAreUtf8) {
  for (const int converted : {kUnannotated, kUtf8})
    EXPECT_EQ(json(parquet_rows(of_bytes({"one", "drei\xC3\x9Fig", ""}, converted), "a")),
              R"([{"c": "one"}, {"c": "drei\u00DFig"}, {"c": ""}])"_json);
}

TEST(HandmadeParquet, BytesThatAreNoUtf8AreDamageOnlyWhereTheyAreSaidToBeText) {
  EXPECT_EQ(refused(of_bytes({"one", "\xFF\xD8\xFF"}, kUnannotated)),
            "a.parquet (column 'c'): bytes that are no text (the column does not say that it is "
            "text, and one of its values is no UTF-8); leave the column out, or write it anew as "
            "text");
  EXPECT_EQ(refused(of_bytes({"one", "\xFF\xD8\xFF"}, kUtf8)),
            "a.parquet (column 'c'): damaged parquet (a text that is no UTF-8); fetch the file "
            "again");
}

// Encodings.md, "Dictionary Encoding" and "RLE = 3": the bit width in a byte, here none, and a run:
// its length, shifted, and a value of no bytes.
std::string of_one_value(std::int64_t rows) {
  return handmade_parquet(
      kInt32Column, rows,
      {{.dictionary = true, .values = 1, .encoding = kPlainValues, .bytes = four_bytes(7)},
       {.values = rows,
        .encoding = kDictionaryIndices,
        .bytes = std::string(1, '\0') + varint(static_cast<std::uint64_t>(rows) << 1)}});
}

TEST(HandmadeParquet, IndicesOfNoBitsAreTheFirstOfTheDictionary) {
  EXPECT_EQ(json(parquet_rows(of_one_value(3), "a")), R"([{"c": 7}, {"c": 7}, {"c": 7}])"_json);
  EXPECT_EQ(parquet_rows(of_one_value(200'000), "a").size(), 200'000u);
}

// Two thousand million rows in a hundred bytes are well formed, and would take a hundred gigabytes.
TEST(HandmadeParquet, MoreValuesThanAFileOfItsSizeHasAreRefusedBeforeTheyTakeMemory) {
  const std::string bytes = of_one_value(INT32_MAX);
  EXPECT_EQ(refused(bytes),
            "a.parquet: it says that it holds more than " +
                std::to_string((1 << 20) + 8 * bytes.size()) +
                " values (they would fill memory, and it has " + std::to_string(bytes.size()) +
                " bytes); fetch the file again, or export the data set as JSON lines");
}

// A dictionary has no more values than its page has bytes for, whatever its head says.
TEST(HandmadeParquet, ADictionaryThatSaysMoreThanItHoldsIsDamaged) {
  EXPECT_EQ(refused(handmade_parquet(kInt32Column, 1,
                                     {{.dictionary = true,
                                       .values = INT32_MAX,
                                       .encoding = kPlainValues,
                                       .bytes = four_bytes(7)}})),
            "a.parquet (column 'c'): damaged parquet (4 bytes are wanted where 0 are left); fetch "
            "the file again");
}

}  // namespace
}  // namespace isoloss
