#include "harness/token_file.h"

#include <fmt/format.h>
#include <gtest/gtest.h>
#include <xxhash.h>

#include <cstring>
#include <filesystem>
#include <fstream>
#include <functional>

#include "model/spec/error.h"

namespace isoloss {
namespace {

namespace fs = std::filesystem;

TokenFileContent sample(std::int64_t vocabulary) {
  TokenFileContent content;
  content.vocabulary = vocabulary;
  content.tokenizer = fmt::format("unigram:{}", vocabulary);
  content.tokenizer_hash = 0x1122334455667788u;
  content.tokenizer_model = std::string("model\0bytes", 11);
  content.source_hash = 0x99AABBCCDDEEFF00u;
  content.report_text = "report";
  content.documents = {
      {Part::Training, 5, 9, 1}, {Part::Selection, 2, 3, 2}, {Part::Report, 3, 6, 3}};
  const auto last = static_cast<std::int32_t>(vocabulary - 1);
  content.training = {0, 1, 2, last, 4};
  content.selection = {last, 0};
  content.report = {3, last, 1};
  return content;
}

class TokenFileTest : public testing::Test {
 protected:
  void SetUp() override {
    const auto* test = testing::UnitTest::GetInstance()->current_test_info();
    folder_ = fs::path(testing::TempDir()) / fmt::format("token_file_{}", test->name());
    fs::create_directories(folder_);
  }
  void TearDown() override { fs::remove_all(folder_); }

  fs::path write(const std::string& bytes) {
    const fs::path path = folder_ / "tokens.bin";
    std::ofstream(path, std::ios::binary).write(bytes.data(), static_cast<long>(bytes.size()));
    return path;
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
  fs::path folder_;
};

std::vector<std::int32_t> all(const TokenFile& file, Part part) {
  std::vector<std::int32_t> ids(static_cast<std::size_t>(file.tokens(part)));
  file.read(part, 0, ids);
  return ids;
}

TEST_F(TokenFileTest, WhatIsWrittenIsReadAtEveryWidth) {
  for (const std::int64_t vocabulary : {256, 257, 65536, 65537, 1 << 20}) {
    const TokenFileContent content = sample(vocabulary);
    const TokenFile file(write(encode_token_file(content)));
    EXPECT_EQ(file.vocabulary(), vocabulary);
    EXPECT_EQ(file.tokenizer(), content.tokenizer);
    EXPECT_EQ(file.tokenizer_model(), content.tokenizer_model);
    EXPECT_EQ(file.tokenizer_hash(), content.tokenizer_hash);
    EXPECT_EQ(file.source_hash(), content.source_hash);
    EXPECT_EQ(file.report_text(), content.report_text);
    EXPECT_EQ(file.documents(), content.documents);
    EXPECT_EQ(all(file, Part::Training), content.training);
    EXPECT_EQ(all(file, Part::Selection), content.selection);
    EXPECT_EQ(all(file, Part::Report), content.report);
  }
}

TEST_F(TokenFileTest, LayoutIsTheOneThatTheFormatPageTells) {
  // docs/format.md: 112 bytes of header, 32 a document, names and text, zeros to a multiple of 64,
  // then 5 + 2 + 3 tokens of two bytes.
  const std::string bytes = encode_token_file(sample(1000));
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
  const std::string whole = encode_token_file(sample(1000));
  for (std::size_t i = 0; i < whole.size(); ++i) {
    std::string bytes = whole;
    bytes[i] = static_cast<char>(bytes[i] ^ 0x10);
    EXPECT_NE(refusal(bytes), "") << "byte " << i;
  }
}

TEST_F(TokenFileTest, ATruncatedFileIsRefusedAtEveryLength) {
  const std::string whole = encode_token_file(sample(1000));
  for (std::size_t size = 0; size < whole.size(); ++size)
    EXPECT_NE(refusal(whole.substr(0, size)), "") << "at " << size;
}

TEST_F(TokenFileTest, BytesAfterTheEndAreRefused) {
  EXPECT_NE(refusal(encode_token_file(sample(1000)) + "x"), "");
}

TEST_F(TokenFileTest, ADamagedFileTellsToDeleteIt) {
  std::string bytes = encode_token_file(sample(1000));
  bytes.back() = static_cast<char>(bytes.back() ^ 1);
  EXPECT_NE(refusal(bytes).find("delete it"), std::string::npos);
}

TEST_F(TokenFileTest, AForeignFileIsCalledForeign) {
  EXPECT_NE(refusal("\x89HDF\r\n\x1A\n and much more").find("no token file"), std::string::npos);
}

TEST_F(TokenFileTest, AnotherVersionAndAnotherByteOrderAreNamed) {
  std::string newer = encode_token_file(sample(1000));
  newer[8] = 9;
  EXPECT_NE(refusal(newer).find("version 9"), std::string::npos);
  std::string other = encode_token_file(sample(1000));
  std::swap(other[12], other[15]);
  std::swap(other[13], other[14]);
  EXPECT_NE(refusal(other).find("byte order"), std::string::npos);
}

TEST_F(TokenFileTest, AnIdPastTheVocabularyIsRefused) {
  TokenFileContent content = sample(1000);
  content.report[0] = 1000;
  EXPECT_NE(refusal(encode_token_file(content)).find("vocabulary"), std::string::npos);
}

TEST_F(TokenFileTest, AMissingFileIsRefusedByName) {
  EXPECT_THROW(TokenFile(folder_ / "none.bin"), InputError);
}

}  // namespace
}  // namespace isoloss
