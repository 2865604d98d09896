#include "harness/data/text_dataset.h"

#include <fmt/format.h>
#include <gtest/gtest.h>
#include <sentencepiece_trainer.h>
#include <xxhash.h>

#include <algorithm>
#include <filesystem>
#include <fstream>
#include <nlohmann/json.hpp>
#include <set>
#include <sstream>
#include <unordered_map>

#include "harness/data/token_file_folder.h"
#include "model/spec/counter_random.h"
#include "model/spec/error.h"
#include "tests/temporary_folder.h"

namespace isoloss {
namespace {

namespace fs = std::filesystem;

class TextDataset : public testing::Test {
 protected:
  std::string write(const std::string& name, const std::string& text) {
    const fs::path path = folder_ / name;
    std::ofstream(path, std::ios::binary) << text;
    return path.string();
  }
  // Prepares a source and opens what came of it.
  TokenFile prepared(const TextSource& source) {
    const fs::path out = folder_ / "out";
    fs::remove_all(out);
    json_ = nlohmann::json::parse(prepare_text_folder(source, out));
    return TokenFile(out / "tokens.bin");
  }
  static std::vector<std::int32_t> ids(const TokenFile& file, Part part) {
    std::vector<std::int32_t> ids(static_cast<std::size_t>(file.tokens(part)));
    file.read(part, 0, ids);
    return ids;
  }
  static std::string text(const TokenFile& file, Part part) {
    const auto bytes = ids(file, part);
    return {bytes.begin(), bytes.end()};
  }
  const test::TemporaryFolder own_;
  const fs::path folder_ = own_.path();
  nlohmann::json json_;
};

std::string sentences(std::uint64_t count) {
  std::string text;
  for (std::uint64_t i = 0; i < count; ++i) text += fmt::format("sentence {} .\n", i * i);
  return text;
}

std::multiset<std::string> lines_of(const std::string& text) {
  std::multiset<std::string> lines;
  std::istringstream in(text);
  for (std::string line; std::getline(in, line);) lines.insert(line);
  return lines;
}

TEST_F(TextDataset, ShardsOfSentencesKeepEverySentenceOnce) {
  TextSource source;
  source.files = {write("news.en-00001-of-00100", sentences(200)),
                  write("news.en-00002-of-00100", "other .\nsentence 0 .\n")};
  source.validation = 0.1;
  const TokenFile file = prepared(source);
  const std::string together =
      text(file, Part::Training) + text(file, Part::Selection) + text(file, Part::Report);
  EXPECT_EQ(lines_of(together), lines_of(sentences(200) + "other .\n"));
  EXPECT_EQ(file.documents().size(), 201u);
  EXPECT_EQ(json_["twins_left_out"], 1);
  EXPECT_EQ(text(file, Part::Report), file.report_text());
}

TEST_F(TextDataset, TheOrderOfShardsAndOfTheirLinesDoesNotMatter) {
  TextSource one, two;
  one.files = {write("a", "first .\nsecond .\nthird .\nfourth .\n")};
  two.files = {write("b", "fourth .\nsecond .\n"), write("c", "third .\nfirst .\n")};
  one.form.form = two.form.form = TextForm::Lines;
  one.validation = two.validation = 0.3;
  const TokenFile first = prepared(one);
  const TokenFile second = prepared(two);
  EXPECT_EQ(first.checksum(), second.checksum());
}

TEST_F(TextDataset, APublishersSplitIsKept) {
  TextSource source;
  source.files = {write("t1.txt", "trained on, first"), write("t2.txt", "trained on, second")};
  source.held_out_files = {write("v1.txt", "held out, first"), write("v2.txt", "held out, second")};
  const TokenFile file = prepared(source);
  EXPECT_EQ(text(file, Part::Training).size(), 17u + 18u);
  EXPECT_EQ(text(file, Part::Training).find("held"), std::string::npos);
  EXPECT_EQ(text(file, Part::Selection).size() + text(file, Part::Report).size(), 15u + 16u);
  EXPECT_EQ(json_["validation"], "publisher");
}

TEST_F(TextDataset, WhatIsHeldOutIsNotTrainedOn) {
  TextSource source;
  source.files = {write("news.en-00001-of-00100", sentences(20) + "seen .\n")};
  source.held_out_files = {write("news.en.heldout-00000-of-00050", "seen .\nnew .\n")};
  const TokenFile file = prepared(source);
  EXPECT_EQ(lines_of(text(file, Part::Training)), lines_of(sentences(20)));
  EXPECT_EQ(json_["twins_left_out"], 1);
  source.files = source.held_out_files;
  EXPECT_THROW(prepared(source), InputError);
}

// A model with T5's layout of special pieces: pad 0, end 1, unknown 2.
std::string model_with_an_end(const std::string& text) {
  struct Lines final : sentencepiece::SentenceIterator {
    explicit Lines(const std::string& text) : in(text) { Next(); }
    bool done() const override { return !more; }
    void Next() override { more = static_cast<bool>(std::getline(in, line)); }
    const std::string& value() const override { return line; }
    sentencepiece::util::Status status() const override { return {}; }
    std::istringstream in;
    std::string line;
    bool more = true;
  } lines(text);
  std::string model;
  EXPECT_TRUE(sentencepiece::SentencePieceTrainer::Train(
                  std::unordered_map<std::string, std::string>{{"model_type", "unigram"},
                                                               {"vocab_size", "40"},
                                                               {"pad_id", "0"},
                                                               {"eos_id", "1"},
                                                               {"unk_id", "2"},
                                                               {"bos_id", "-1"},
                                                               {"minloglevel", "2"}},
                  &lines, &model)
                  .ok());
  return model;
}

TEST_F(TextDataset, ATokenizerWithAnEndPutsItAfterEachDocument) {
  TextSource source;
  source.files = {write("news.en-00001-of-00100", sentences(50))};
  source.tokenizer = {TokenizerKind::Model, 40,
                      write("t5.model", model_with_an_end(sentences(50)))};
  source.validation = 0.2;
  const TokenFile file = prepared(source);
  std::uint64_t at = 0;
  for (const TokenDocument& document : file.documents()) {
    if (document.part != Part::Training) break;
    std::vector<std::int32_t> tokens(document.tokens);
    file.read(Part::Training, static_cast<std::int64_t>(at), tokens);
    EXPECT_EQ(std::count(tokens.begin(), tokens.end(), 1), 1);
    EXPECT_EQ(tokens.back(), 1);
    at += document.tokens;
  }
  EXPECT_EQ(at, static_cast<std::uint64_t>(file.tokens(Part::Training)));
}

TEST_F(TextDataset, AVocabularyMayBePaddedAndNotCut) {
  TextSource source;
  source.files = {write("news.en-00001-of-00100", sentences(50))};
  source.vocabulary = 384;
  const TokenFile file = prepared(source);
  EXPECT_EQ(file.vocabulary(), 384);
  EXPECT_EQ(json_["vocabulary"], 384);
  source.vocabulary = 255;
  EXPECT_THROW(prepared(source), InputError);
}

TEST_F(TextDataset, MoreThanABatchIsEncodedInItsOrder) {
  // Two batches of eight megabytes: side by side where there are several cores.
  std::string text;
  for (std::uint64_t i = 0; text.size() < 17'000'000; ++i)
    text += fmt::format("{:0>1000}\n", random_below(1, 1, i, 1'000'000'000));
  TextSource source;
  source.files = {write("news.en-00001-of-00100", text)};
  source.validation = 0.001;
  const TokenFile file = prepared(source);
  const std::string training = TextDataset::text(file, Part::Training);
  std::size_t at = 0;
  for (const TokenDocument& document : file.documents()) {
    if (document.part != Part::Training) break;
    const std::string line = training.substr(at, document.tokens);
    ASSERT_EQ(XXH3_64bits(line.data(), line.size()), document.hash);
    at += document.tokens;
  }
}

}  // namespace
}  // namespace isoloss
