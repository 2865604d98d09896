#include "harness/data/corpus.h"

#include <fmt/format.h>
#include <gtest/gtest.h>

#include <algorithm>
#include <array>
#include <filesystem>

#include "model/spec/error.h"
#include "tests/temporary_folder.h"

namespace isoloss {
namespace {

namespace fs = std::filesystem;

Document document(const std::string& name, std::size_t bytes, std::uint64_t hash) {
  return {name, std::string(bytes, 'x'), hash};
}

std::vector<Document> twenty_documents() {
  std::vector<Document> documents;
  for (std::uint64_t i = 0; i < 20; ++i)
    documents.push_back(document(fmt::format("d{}", i), 1000 + 10 * i, i + 1));
  return documents;
}

Corpus corpus_of(const std::vector<Document>& documents, Twins twins = Twins::Refuse,
                 std::uint64_t memory_bytes = Corpus::kMemoryBytes) {
  static const test::TemporaryFolder folder;  // as long as any of them
  Corpus corpus(folder / "corpus", twins, memory_bytes);
  for (const Document& document : documents) corpus.add(document);
  corpus.close();
  return corpus;
}

std::vector<Document> all(Corpus& corpus) {
  std::vector<Document> documents;
  corpus.for_each([&](const Document& document) { documents.push_back(document); });
  return documents;
}

std::vector<std::string> names(Corpus corpus) {
  std::vector<std::string> names;
  for (const Document& document : all(corpus)) names.push_back(document.name);
  return names;
}

// Texts by part.
using Parts = std::array<std::vector<std::string>, 3>;

Parts divided(Division division, const std::vector<std::string>& texts) {
  Parts parts;
  for (const std::string& text : texts)
    for (const PartPiece& piece : division.next(text))
      parts[static_cast<std::size_t>(piece.part)].emplace_back(piece.text);
  return parts;
}

std::uint64_t bytes_of(const std::vector<std::string>& texts) {
  std::uint64_t bytes = 0;
  for (const std::string& text : texts) bytes += text.size();
  return bytes;
}

Parts divided(const std::vector<std::string>& texts, double validation) {
  return divided(Division(texts.size(), bytes_of(texts), validation), texts);
}

std::string message_of(const auto& act) {
  try {
    act();
  } catch (const InputError& error) {
    return error.what();
  }
  return "";
}

TEST(Corpus, TheOrderIsTheSameInAnyOrderOfFiles) {
  auto documents = twenty_documents();
  const auto first = names(corpus_of(documents));
  std::reverse(documents.begin(), documents.end());
  EXPECT_EQ(names(corpus_of(documents)), first);
}

TEST(Corpus, TheOrderIsNotThatOfTheNames) {
  auto corpus = corpus_of(twenty_documents());
  const auto documents = all(corpus);
  EXPECT_FALSE(std::is_sorted(documents.begin(), documents.end(),
                              [](const auto& a, const auto& b) { return a.hash < b.hash; }));
}

TEST(Corpus, WhatDoesNotFitIntoMemoryComesInTheSameOrderEveryTime) {
  auto whole = corpus_of(twenty_documents());
  auto spilled = corpus_of(twenty_documents(), Twins::Refuse, 5000);
  const auto expected = all(whole);
  for (int time = 0; time < 2; ++time) {
    const auto found = all(spilled);
    ASSERT_EQ(found.size(), expected.size());
    for (std::size_t i = 0; i < found.size(); ++i) {
      EXPECT_EQ(found[i].name, expected[i].name);
      EXPECT_EQ(found[i].text, expected[i].text);
    }
  }
  EXPECT_EQ(spilled.hash(), whole.hash());
  EXPECT_EQ(spilled.documents(), 20u);
  EXPECT_EQ(spilled.bytes(), 21900u);
}

TEST(Corpus, NothingIsLeftOnTheDiskButWhatIsOpen) {
  const test::TemporaryFolder folder;
  Corpus corpus(folder / "tokens.bin", Twins::Refuse, 0);
  corpus.add(document("a", 10, 1));
  EXPECT_TRUE(fs::is_empty(folder.path()));
}

TEST(Corpus, TwinsAreRefusedByName) {
  const std::vector<Document> twins = {document("left", 5, 7), document("right", 5, 7)};
  for (const std::uint64_t memory : {Corpus::kMemoryBytes, std::uint64_t{0}}) {
    const auto message = message_of([&] {
      auto corpus = corpus_of(twins, Twins::Refuse, memory);
      all(corpus);
    });
    EXPECT_NE(message.find("left"), std::string::npos) << message;
    EXPECT_NE(message.find("right"), std::string::npos) << message;
  }
}

TEST(Corpus, TwinsOfACrawlAreKeptOnceAndCounted) {
  const std::vector<Document> twins = {document("right", 5, 7), document("other", 5, 8),
                                       document("left", 5, 7)};
  for (const std::uint64_t memory : {Corpus::kMemoryBytes, std::uint64_t{0}}) {
    auto corpus = corpus_of(twins, Twins::LeaveOut, memory);
    auto kept = names(corpus_of(twins, Twins::LeaveOut, memory));
    std::sort(kept.begin(), kept.end());
    EXPECT_EQ(kept, (std::vector<std::string>{"left", "other"}));
    EXPECT_EQ(corpus.hashes().size(), 2u);
    EXPECT_EQ(corpus.twins_left_out(), 1u);
  }
}

TEST(Division, ManyDocumentsAreDividedWholeAndInTurn) {
  std::vector<std::string> texts;
  for (std::size_t i = 0; i < 20; ++i) texts.push_back(std::string(1000 + 10 * i, 'x'));
  const Parts parts = divided(texts, 0.2);
  std::vector<std::string> together = parts[1];
  together.insert(together.end(), parts[2].begin(), parts[2].end());
  together.insert(together.end(), parts[0].begin(), parts[0].end());
  EXPECT_EQ(together, texts);
}

TEST(Division, EachPartReachesItsShareAndStopsAtTheDocumentThatReachesIt) {
  // 20 documents of 1000, 1010, ... 1190 bytes are 21900 bytes; a tenth is 2190: 1000 + 1010 + 1020
  // select, 1030 + 1040 + 1050 are reported.
  std::vector<std::string> texts;
  for (std::size_t i = 0; i < 20; ++i) texts.push_back(std::string(1000 + 10 * i, 'x'));
  const Parts parts = divided(texts, 0.2);
  EXPECT_EQ(bytes_of(parts[1]), 3030u);
  EXPECT_EQ(bytes_of(parts[2]), 3120u);
}

TEST(Division, OneDocumentGivesItsLastPart) {
  const std::string text = std::string(900, 'a') + std::string(50, 'b') + std::string(50, 'c');
  const Parts parts = divided({text}, 0.1);
  EXPECT_EQ(parts[0].at(0), std::string(900, 'a'));
  EXPECT_EQ(parts[1].at(0), std::string(50, 'b'));
  EXPECT_EQ(parts[2].at(0), std::string(50, 'c'));
}

TEST(Division, OneDocumentIsNotCutWithinACharacter) {
  std::string text;
  for (int i = 0; i < 101; ++i) text += "\xC3\xA9";  // e with acute, two bytes
  const Parts parts = divided({text}, 0.25);
  std::uint64_t bytes = 0;
  for (const auto& part : parts) {
    EXPECT_EQ(part.at(0).size() % 2, 0u);
    EXPECT_EQ(part.at(0)[0], '\xC3');
    bytes += bytes_of(part);
  }
  EXPECT_EQ(bytes, 202u);
}

TEST(Division, OfTwoDocumentsOneIsTrainedOnWhole) {
  const Parts parts = divided({std::string(100, 'a'), std::string(60, 'b')}, 0.05);
  EXPECT_EQ(parts[0], std::vector<std::string>{std::string(60, 'b')});
  EXPECT_EQ(bytes_of(parts[1]), 50u);
  EXPECT_EQ(bytes_of(parts[2]), 50u);
}

TEST(Division, OfThreeDocumentsEachPartHasOneHoweverLargeTheShare) {
  const Parts parts = divided({"aaaa", "bbbb", "cccc"}, 0.9);
  for (const auto& part : parts) EXPECT_EQ(part.size(), 1u);
}

TEST(Division, APublishersHeldOutTextIsHalvedAndNoneOfItIsTrainedOn) {
  const std::vector<std::string> texts = {"1234", "1234", "1234", "12345"};
  const Parts four = divided(Division::held_out(4, 17), texts);
  EXPECT_EQ(four[0].size(), 0u);
  EXPECT_EQ(four[1].size(), 3u);  // 8 of 8.5 are not half yet
  EXPECT_EQ(four[2].size(), 1u);
  const Parts two = divided(Division::held_out(2, 8), {"12", "123456"});
  EXPECT_EQ(two[1], std::vector<std::string>{"12"});  // one is left for the report
  EXPECT_EQ(two[2], std::vector<std::string>{"123456"});
  const Parts one = divided(Division::held_out(1, 4), {"1234"});
  EXPECT_EQ(one[1], std::vector<std::string>{"12"});
  EXPECT_EQ(one[2], std::vector<std::string>{"34"});
}

TEST(Division, AShareThatIsNoShareIsRefused) {
  for (const double share : {0.0, 1.0, -0.1, 2.0})
    EXPECT_THROW(Division(20, 1000, share), InputError) << share;
}

}  // namespace
}  // namespace isoloss
