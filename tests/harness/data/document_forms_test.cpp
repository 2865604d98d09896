#include "harness/data/document_forms.h"

#include <fmt/format.h>
#include <gtest/gtest.h>
#include <xxhash.h>
#include <zlib.h>

#include <filesystem>
#include <fstream>

#include "model/spec/error.h"
#include "tests/temporary_folder.h"

namespace isoloss {
namespace {

namespace fs = std::filesystem;

class DocumentForms : public testing::Test {
 protected:
  std::string write(const std::string& name, const std::string& text) {
    const fs::path path = folder_ / name;
    fs::create_directories(path.parent_path());
    std::ofstream(path, std::ios::binary) << text;
    return path.string();
  }
  // Compressed by zlib itself, each text a member of its own.
  std::string write_gzip(const std::string& name, const std::vector<std::string>& members) {
    const std::string path = (folder_ / name).string();
    for (const std::string& text : members) {
      const gzFile file = ::gzopen(path.c_str(), "ab");
      ::gzwrite(file, text.data(), static_cast<unsigned>(text.size()));
      ::gzclose(file);
    }
    return path;
  }
  static std::vector<Document> read(const std::string& file, const DocumentForm& form = {}) {
    std::vector<Document> documents;
    for_each_document(file, form, [&](Document document) { documents.push_back(document); });
    return documents;
  }
  static std::vector<std::string> texts(const std::string& file, const DocumentForm& form = {}) {
    std::vector<std::string> texts;
    for (const Document& document : read(file, form)) texts.push_back(document.text);
    return texts;
  }
  static std::string refusal(const std::string& file, const DocumentForm& form = {}) {
    try {
      read(file, form);
    } catch (const InputError& error) {
      return error.what();
    }
    return "";
  }
  const test::TemporaryFolder own_;
  const fs::path folder_ = own_.path();
};

// Records as C4 has them: text, timestamp, url.
constexpr const char* kC4 =
    R"({"text":"Beginners BBQ Class\nTaking Place","timestamp":"2019-04-25T12:57:54Z","url":"https://a.example"})"
    "\n"
    R"({"text":"caf\u00e9 \ud83d\udc0b","timestamp":"2019-04-25T12:57:55Z","url":"https://b.example"})"
    "\n";

TEST_F(DocumentForms, C4IsAJsonObjectALineWithItsTextUnescaped) {
  const std::vector<std::string> expected = {"Beginners BBQ Class\nTaking Place\n",
                                             "caf\xC3\xA9 \xF0\x9F\x90\x8B\n"};
  EXPECT_EQ(texts(write("c4-train.00000-of-01024.json", kC4)), expected);
  EXPECT_EQ(texts(write_gzip("c4-train.00000-of-01024.json.gz", {kC4})), expected);
}

TEST_F(DocumentForms, ADocumentOfALineIsNamedByItsLineAndHashedByItsText) {
  const auto documents = read(write("a.jsonl", "{\"text\": \"x\"}\n\n{\"text\": \"y\"}\n"));
  ASSERT_EQ(documents.size(), 2u);
  EXPECT_TRUE(documents[1].name.ends_with("a.jsonl:3")) << documents[1].name;
  EXPECT_EQ(documents[1].hash, XXH3_64bits("y\n", 2));
}

TEST_F(DocumentForms, AnotherFieldMayHoldTheText) {
  const std::string file = write("a.jsonl", "{\"body\": \"x\", \"text\": \"no\"}\n");
  EXPECT_EQ(texts(file, {.form = {}, .field = "body"}), std::vector<std::string>{"x\n"});
}

TEST_F(DocumentForms, LM1BIsASentenceALine) {
  const std::string sentences = "The U.S. Centers said .\r\nAnother one .\n\nThe last";
  const std::vector<std::string> expected = {"The U.S. Centers said .\n", "Another one .\n",
                                             "The last\n"};
  EXPECT_EQ(texts(write("news.en-00001-of-00100", sentences)), expected);
  EXPECT_EQ(texts(write("news.en.heldout-00000-of-00050", sentences)), expected);
  EXPECT_EQ(texts(write("sentences", sentences), {.form = TextForm::Lines, .field = ""}), expected);
}

TEST_F(DocumentForms, PG19IsAFolderOfWholeFiles) {
  write("train/10.txt", "A book,\r\nuntouched\n");
  write("train/.hidden", "no");
  write("train/sub/11.txt", "Another");
  write("validation/12.txt", "Held out");
  const auto files = corpus_files((folder_ / "train").string());
  ASSERT_EQ(files.size(), 2u);
  EXPECT_EQ(texts(files[0]), std::vector<std::string>{"A book,\r\nuntouched\n"});
  EXPECT_TRUE(files[1].ends_with("train/sub/11.txt")) << files[1];
}

TEST_F(DocumentForms, AGzipOfSeveralMembersIsReadToItsEnd) {
  EXPECT_EQ(texts(write_gzip("a.txt.gz", {"one ", "two"})), std::vector<std::string>{"one two"});
}

TEST_F(DocumentForms, ALineLongerThanABlockIsWhole) {
  const std::string line(1'000'003, 'a');
  const std::string file = write("long", line + "\n" + line);
  EXPECT_EQ(texts(file, {.form = TextForm::Lines, .field = ""}),
            (std::vector<std::string>{line + "\n", line + "\n"}));
}

TEST_F(DocumentForms, HalfASurrogatePairIsNamed) {
  const std::string file =
      write("a.json", "{\"text\": \"\\ud83d\\ude00\"}\n{\"text\": \"b \\ud800 c\"}\n");
  EXPECT_TRUE(refusal(file).starts_with(file + ":2: half of a surrogate pair, \\ud800 ("))
      << refusal(file);
}

TEST_F(DocumentForms, WhatIsNoJsonIsRefusedByItsLine) {
  const std::string file = write("a.json", "{\"text\": \"x\"}\n{\"text\": \n");
  EXPECT_NE(refusal(file).find("a.json:2: no JSON"), std::string::npos) << refusal(file);
  EXPECT_NE(refusal(write("b.json", "[1]\n")).find("b.json:1: a JSON array"), std::string::npos);
}

// 0xE9 is the e with an acute accent of ISO 8859-1, and the beginning of three bytes of UTF-8.
TEST_F(DocumentForms, JsonInAnotherEncodingIsCalledThat) {
  const std::string file = write("a.json", "{\"text\": \"x\"}\n{\"text\": \"caf\xe9\"}\n");
  EXPECT_NE(refusal(file).find("a.json:2: no UTF-8 ("), std::string::npos) << refusal(file);
}

TEST_F(DocumentForms, AMissingFieldIsRefusedWithTheNearest) {
  const std::string file = write("a.json", "{\"text\": \"x\", \"n\": 1}\n{\"txt\": \"x\"}\n");
  const std::string message = refusal(file);
  EXPECT_NE(message.find("a.json:2: no field 'text'"), std::string::npos) << message;
  EXPECT_NE(message.find("txt"), std::string::npos) << message;
  EXPECT_NE(refusal(file, {.form = {}, .field = "n"}).find("field 'n' is no text"),
            std::string::npos);
}

TEST_F(DocumentForms, AFileWithNothingInItIsRefused) {
  EXPECT_NE(refusal(write("a.txt", "")).find("a.txt is empty"), std::string::npos);
  EXPECT_NE(refusal(write("a.txt.gz", "")).find("a.txt.gz is empty"), std::string::npos);
  EXPECT_NE(refusal(write("a.json", "\n\n")).find("a.json is empty"), std::string::npos);
}

TEST_F(DocumentForms, ATornGzipIsRefusedAtEveryLengthPastItsHeader) {
  std::string text;
  for (int i = 0; i < 400; ++i) text += fmt::format("line {} of text\n", i * i);
  const std::string whole = write_gzip("whole.txt.gz", {text});
  std::ifstream in(whole, std::ios::binary);
  const std::string bytes{std::istreambuf_iterator<char>(in), {}};
  for (std::size_t size = 20; size < bytes.size(); size += 7) {
    const std::string message = refusal(write("torn.txt.gz", bytes.substr(0, size)));
    EXPECT_NE(message.find("torn.txt.gz is torn or damaged"), std::string::npos) << size << message;
  }
}

TEST_F(DocumentForms, ADamagedGzipIsRefused) {
  const std::string whole = write_gzip("whole.txt.gz", {std::string(5000, 'a') + "b"});
  std::ifstream in(whole, std::ios::binary);
  std::string bytes{std::istreambuf_iterator<char>(in), {}};
  bytes[bytes.size() - 6] = static_cast<char>(bytes[bytes.size() - 6] ^ 1);  // of its checksum
  EXPECT_NE(refusal(write("bad.txt.gz", bytes)).find("torn or damaged"), std::string::npos);
}

TEST_F(DocumentForms, PlainTextCalledGzipIsRefused) {
  EXPECT_NE(refusal(write("a.txt.gz", "plain text")).find("is no gzip"), std::string::npos);
}

TEST_F(DocumentForms, MissingFilesAreRefusedByName) {
  const std::string missing = (folder_ / "missing.txt").string();
  EXPECT_NE(refusal(missing).find(missing), std::string::npos);
  EXPECT_NE(refusal(folder_.string()).find(folder_.string()), std::string::npos);
}

TEST_F(DocumentForms, AnUnknownFormIsRefusedWithTheNearest) {
  try {
    text_form_named("line");
    FAIL() << "known";
  } catch (const InputError& error) {
    EXPECT_NE(std::string(error.what()).find("lines"), std::string::npos) << error.what();
  }
}

}  // namespace
}  // namespace isoloss
