// Files that pyarrow wrote (make_samples.py), with their rows as it reads them.
#include "harness/oneshot/parquet/parquet_rows.h"

#include <fmt/format.h>
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <algorithm>

#include "model/spec/error.h"
#include "results/durable_file.h"
#include "tests/harness/oneshot/parquet/missing_packages.h"
#include "tests/places.h"

namespace isoloss {
namespace {

using nlohmann::json;

std::string sample(const std::string& name) {
  return read_file(test::checkout() + "/tests/harness/oneshot/parquet/samples/" + name);
}

std::string refused(std::string_view bytes) {
  try {
    parquet_rows(bytes, "a.parquet");
  } catch (const InputError& error) {
    return error.what();
  }
  return "no error";
}

class ParquetForms : public testing::TestWithParam<const char*> {};

TEST_P(ParquetForms, HaveTheRowsThatPyarrowReads) {
  if (const auto missing = missing_packages(std::string_view(GetParam())); !missing.empty())
    GTEST_SKIP() << missing;
  const json expected = json::parse(sample("rows.json"));
  const std::vector<json> rows = parquet_rows(sample(GetParam() + std::string(".parquet")), "a");
  ASSERT_EQ(rows.size(), expected.size());
  for (std::size_t i = 0; i < rows.size(); ++i)
    for (const auto& [column, value] : expected[i].items())
      EXPECT_EQ(rows[i].at(column), value) << "row " << i << ", " << column;
}

INSTANTIATE_TEST_SUITE_P(All, ParquetForms,
                         testing::Values("plain-1-none", "plain-1-snappy", "plain-2-gzip",
                                         "plain-2-zstd", "dictionary-1-gzip", "dictionary-1-zstd",
                                         "dictionary-2-none", "dictionary-2-snappy",
                                         "pages-1-snappy", "pages-2-zstd"),
                         [](const auto& form) {
                           std::string name = form.param;
                           std::replace(name.begin(), name.end(), '-', '_');
                           return name;
                         });

TEST(ParquetRows, OfManyPagesAndRowGroups) {
  if (const auto missing = missing_packages({kZstandard}); !missing.empty())
    GTEST_SKIP() << missing;
  const std::vector<json> rows = parquet_rows(sample("many.parquet"), "a");
  ASSERT_EQ(rows.size(), 3000u);
  for (int i = 0; i < 3000; ++i)
    ASSERT_EQ(rows[static_cast<std::size_t>(i)],
              json({{"i", i},
                    {"name", fmt::format("row {}", i % 7)},
                    {"even", i % 2 == 0},
                    {"parts", std::vector<int>(static_cast<std::size_t>(i % 4), i / 100)}}));
}

TEST(ParquetRows, MapsAreKeysWithValues) {
  EXPECT_EQ(json(parquet_rows(sample("map.parquet"), "a")), R"([
      {"m": [{"key": "a", "value": 1}, {"key": "b", "value": null}]}, {"m": []}, {"m": null}])"_json);
}

TEST(ParquetRows, AFileMayHaveNone) {
  EXPECT_TRUE(parquet_rows(sample("empty.parquet"), "a").empty());
}

TEST(ParquetRows, EncryptedFilesAreRefused) {
  for (const char* name : {"encrypted.parquet", "encrypted_columns.parquet"})
    EXPECT_EQ(
        refused(sample(name)),
        "a.parquet: encrypted parquet (there is no key here); write it without encryption, or "
        "export the data set as JSON lines");
}

TEST(ParquetRows, EncodingsAndCompressionsThatAreNotReadAreNamedWithTheirColumn) {
  const auto encoded = [](const char* column, const char* encoding) {
    return fmt::format(
        "a.parquet (column '{}'): encoded as {} (PLAIN, RLE and dictionaries are read); write it "
        "anew with those, or export the data set as JSON lines",
        column, encoding);
  };
  EXPECT_EQ(refused(sample("delta.parquet")), encoded("n", "DELTA_BINARY_PACKED"));
  EXPECT_EQ(refused(sample("delta_text.parquet")), encoded("t", "DELTA_BYTE_ARRAY"));
  EXPECT_EQ(refused(sample("split.parquet")), encoded("r", "BYTE_STREAM_SPLIT"));
  EXPECT_THAT(refused(sample("brotli.parquet")),
              testing::StartsWith("a.parquet (column 'n'): packed by Brotli ("));
}

TEST(ParquetRows, TypesThatAreNotReadAreNamedWithTheirColumn) {
  const auto typed = [](const char* column) {
    return fmt::format("a.parquet: column '{}' is of a type that is not read (", column);
  };
  EXPECT_THAT(refused(sample("time.parquet")), testing::StartsWith(typed("t")));
  EXPECT_THAT(refused(sample("decimal.parquet")), testing::StartsWith(typed("d")));
  EXPECT_THAT(refused(sample("fixed.parquet")), testing::StartsWith(typed("b")));
  EXPECT_EQ(refused(sample("bytes.parquet")),
            "a.parquet (column 'b'): bytes that are no text (the column does not say that it is "
            "text, and one of its values is no UTF-8); leave the column out, or write it anew as "
            "text");
}

TEST(ParquetRows, ChecksumsAreCompared) {
  std::string bytes = sample("checksum.parquet");
  EXPECT_EQ(refused(bytes), "no error");
  bytes[bytes.find("checksum")] = 'C';
  EXPECT_EQ(refused(bytes),
            "a.parquet (column 'text'): damaged parquet (a page's checksum does not match); fetch "
            "the file again");
}

TEST(ParquetRows, WhatIsNoParquetSaysSo) {
  EXPECT_EQ(refused("version https://git-lfs.github.com/spec/v1\n"),
            "a.parquet: no parquet (it does not begin with PAR1); fetch the file again");
  EXPECT_EQ(refused("PAR1"),
            "a.parquet: damaged parquet (it does not end with PAR1: it is cut short); fetch the "
            "file again");
}

// Rows or a message of one line that names the file, whatever the bytes.
void expect_rows_or_refusal(std::string_view bytes, const std::string& what) {
  const std::string message = refused(bytes);
  if (message == "no error") return;
  ASSERT_THAT(message, testing::StartsWith("a.parquet")) << what;
  ASSERT_EQ(message.find('\n'), std::string::npos) << what;
  ASSERT_NO_THROW(json(message).dump()) << what;
}

class DamagedParquet : public testing::TestWithParam<const char*> {};

TEST_P(DamagedParquet, CutAnywhereIsRefused) {
  const std::string bytes = sample(GetParam());
  for (std::size_t size = 0; size < bytes.size(); ++size) {
    // A copy of its own size, so that sanitizers see a read behind it.
    const std::vector<char> part(bytes.begin(), bytes.begin() + static_cast<std::ptrdiff_t>(size));
    const std::string_view cut(part.data(), part.size());
    ASSERT_NE(refused(cut), "no error") << size;
    // The same with the end that a whole file has.
    std::string ended = bytes.substr(0, size) + bytes.substr(bytes.size() - 8);
    ASSERT_NO_FATAL_FAILURE(expect_rows_or_refusal(ended, fmt::format("cut at {}", size)));
  }
}

TEST_P(DamagedParquet, WithAnyBitChangedIsRefusedOrRead) {
  const std::string bytes = sample(GetParam());
  int noticed = 0;
  for (std::size_t at = 0; at < bytes.size(); ++at)
    for (int bit = 0; bit < 8; ++bit) {
      std::string changed = bytes;
      changed[at] = static_cast<char>(changed[at] ^ (1 << bit));
      ASSERT_NO_FATAL_FAILURE(
          expect_rows_or_refusal(changed, fmt::format("byte {}, bit {}", at, bit)));
      noticed += refused(changed) != "no error" ? 1 : 0;
    }
  EXPECT_GT(noticed, static_cast<int>(bytes.size()));
}

INSTANTIATE_TEST_SUITE_P(All, DamagedParquet,
                         testing::Values("small-1.parquet", "small-2.parquet", "checksum.parquet",
                                         "map.parquet"),
                         [](const auto& file) {
                           std::string name = file.param;
                           name.resize(name.find('.'));
                           std::replace(name.begin(), name.end(), '-', '_');
                           return name;
                         });

}  // namespace
}  // namespace isoloss
