#include "harness/data/token_file.h"

#include <fmt/format.h>
#include <gtest/gtest.h>
#include <xxhash.h>

#include <algorithm>
#include <cstring>
#include <filesystem>
#include <fstream>
#include <functional>

#include "harness/data/token_file_writer.h"
#include "model/spec/error.h"
#include "results/durable_file.h"
#include "tests/temporary_folder.h"

namespace isoloss {
namespace {

namespace fs = std::filesystem;

// What a token file holds.
struct Sample {
  TokenFileDescription description;
  std::vector<std::int32_t> training, selection, report;
};

Sample sample(std::int64_t vocabulary) {
  const auto last = static_cast<std::int32_t>(vocabulary - 1);
  return {{vocabulary, fmt::format("unigram:{}", vocabulary), 0x1122334455667788u,
           std::string("model\0bytes", 11), 0x99AABBCCDDEEFF00u},
          {0, 1, 2, last, 4},
          {last, 0},
          {3, last, 1}};
}

class TokenFileTest : public testing::Test {
 protected:
  fs::path write(const std::string& bytes) {
    const fs::path path = folder_ / "tokens.bin";
    std::ofstream(path, std::ios::binary).write(bytes.data(), static_cast<long>(bytes.size()));
    return path;
  }
  // The bytes of the file that a writer makes of it.
  std::string encoded(const Sample& content) {
    const fs::path path = folder_ / "written.bin";
    TokenFileWriter writer(path, content.description);
    writer.add(Part::Training, content.training, "nine byte");
    writer.add(Part::Report, content.report, "report");
    writer.add(Part::Selection, content.selection, "sel");
    writer.publish();
    return read_file(path);
  }
  std::string refusal(const std::string& bytes) {
    const fs::path path = write(bytes);
    try {
      const TokenFile file(path);
    } catch (const InputError& error) {
      EXPECT_NE(std::string(error.what()).find(path.string()), std::string::npos) << error.what();
      return error.what();
    }
    return "";
  }
  const test::TemporaryFolder own_;
  const fs::path folder_ = own_.path();
};

std::vector<std::int32_t> all(const TokenFile& file, Part part) {
  std::vector<std::int32_t> ids(static_cast<std::size_t>(file.tokens(part)));
  file.read(part, 0, ids);
  return ids;
}

TEST_F(TokenFileTest, WhatIsWrittenIsReadAtEveryWidth) {
  for (const std::int64_t vocabulary : {256, 257, 65536, 65537, 1 << 20}) {
    const Sample content = sample(vocabulary);
    const TokenFile file(write(encoded(content)));
    EXPECT_EQ(file.vocabulary(), vocabulary);
    EXPECT_EQ(file.tokenizer(), content.description.tokenizer);
    EXPECT_EQ(file.tokenizer_model(), content.description.tokenizer_model);
    EXPECT_EQ(file.tokenizer_hash(), content.description.tokenizer_hash);
    EXPECT_EQ(file.source_hash(), content.description.source_hash);
    EXPECT_EQ(file.report_text(), "report");
    const std::vector<TokenDocument> documents = {
        {Part::Training, 5, 9, XXH3_64bits("nine byte", 9)},
        {Part::Selection, 2, 3, XXH3_64bits("sel", 3)},
        {Part::Report, 3, 6, XXH3_64bits("report", 6)}};
    EXPECT_TRUE(std::ranges::equal(file.documents(), documents));
    EXPECT_EQ(all(file, Part::Training), content.training);
    EXPECT_EQ(all(file, Part::Selection), content.selection);
    EXPECT_EQ(all(file, Part::Report), content.report);
  }
}

TEST_F(TokenFileTest, LayoutIsTheOneThatTheFormatPageTells) {
  // docs/format.md: 112 bytes of header, 32 a document, names and text, zeros to a multiple of 64,
  // then 5 + 2 + 3 tokens of two bytes.
  const std::string bytes = encoded(sample(1000));
  const std::size_t before = 112 + 3 * 32 + std::string("unigram:1000").size() + 11 + 6;
  const std::size_t tokens = (before + 63) / 64 * 64;
  ASSERT_EQ(bytes.size(), tokens + 2 * 10);
  EXPECT_EQ(bytes.substr(0, 8), "ISOLTOK\n");
  EXPECT_EQ(bytes.substr(12, 4), std::string("\x04\x03\x02\x01", 4));
  EXPECT_EQ(bytes[16], 2);
  EXPECT_EQ(bytes.substr(tokens + 6, 2), std::string("\xE7\x03", 2));  // 999, fourth token
  const std::string summed = bytes.substr(0, 104) + bytes.substr(112);
  std::uint64_t stored = 0;
  std::memcpy(&stored, bytes.data() + 104, 8);
  EXPECT_EQ(stored, XXH3_64bits(summed.data(), summed.size()));
}

TEST_F(TokenFileTest, AFlippedBitAnywhereIsRefused) {
  const std::string whole = encoded(sample(1000));
  for (std::size_t i = 0; i < whole.size(); ++i) {
    std::string bytes = whole;
    bytes[i] = static_cast<char>(bytes[i] ^ 0x10);
    EXPECT_NE(refusal(bytes), "") << "byte " << i;
  }
}

TEST_F(TokenFileTest, ATruncatedFileIsRefusedAtEveryLength) {
  const std::string whole = encoded(sample(1000));
  for (std::size_t size = 0; size < whole.size(); ++size)
    EXPECT_NE(refusal(whole.substr(0, size)), "") << "at " << size;
}

TEST_F(TokenFileTest, BytesAfterTheEndAreRefused) {
  EXPECT_NE(refusal(encoded(sample(1000)) + "x"), "");
}

TEST_F(TokenFileTest, ADamagedFileTellsToDeleteIt) {
  std::string bytes = encoded(sample(1000));
  bytes.back() = static_cast<char>(bytes.back() ^ 1);
  EXPECT_NE(refusal(bytes).find("delete it"), std::string::npos);
}

TEST_F(TokenFileTest, AForeignFileIsCalledForeign) {
  EXPECT_NE(refusal("\x89HDF\r\n\x1A\n and much more").find("no token file"), std::string::npos);
}

TEST_F(TokenFileTest, AnotherVersionAndAnotherByteOrderAreNamed) {
  std::string newer = encoded(sample(1000));
  newer[8] = 9;
  EXPECT_NE(refusal(newer).find("version 9"), std::string::npos);
  std::string other = encoded(sample(1000));
  std::swap(other[12], other[15]);
  std::swap(other[13], other[14]);
  EXPECT_NE(refusal(other).find("byte order"), std::string::npos);
}

TEST_F(TokenFileTest, AnIdPastTheVocabularyIsRefused) {
  Sample content = sample(1000);
  content.report[0] = 1000;
  EXPECT_NE(refusal(encoded(content)).find("vocabulary"), std::string::npos);
}

TEST_F(TokenFileTest, AWriterThatIsNotPublishedLeavesNothing) {
  TokenFileWriter(folder_ / "never.bin", sample(1000).description)
      .add(Part::Training, std::vector<std::int32_t>(100'000, 7), "text");
  EXPECT_TRUE(fs::is_empty(folder_));
}

TEST_F(TokenFileTest, AMissingFileIsRefusedByName) {
  EXPECT_THROW(TokenFile(folder_ / "none.bin"), InputError);
}

}  // namespace
}  // namespace isoloss
