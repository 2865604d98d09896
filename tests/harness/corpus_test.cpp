#include "harness/corpus.h"

#include <fmt/format.h>
#include <gtest/gtest.h>

#include <algorithm>
#include <filesystem>
#include <fstream>
#include <set>

#include "model/spec/error.h"

namespace isoloss {
namespace {

Document document(const std::string& name, std::size_t bytes, std::uint64_t hash) {
  return {name, std::string(bytes, 'x'), hash};
}

std::vector<Document> many_documents() {
  std::vector<Document> documents;
  for (std::uint64_t i = 0; i < 20; ++i)
    documents.push_back(document(fmt::format("d{}", i), 1000 + 10 * i, i + 1));
  return in_key_order(documents);
}

std::string message_of(const auto& act) {
  try {
    act();
  } catch (const InputError& error) {
    return error.what();
  }
  return "";
}

TEST(Corpus, ManyDocumentsAreDividedWhole) {
  const auto documents = many_documents();
  const CorpusParts parts = divide(documents, 0.2);
  std::multiset<std::size_t> seen;
  for (const auto* part : {&parts.training, &parts.selection, &parts.report})
    for (const DocumentPiece& piece : *part) {
      seen.insert(piece.document);
      EXPECT_EQ(piece.text.size(), documents[piece.document].text.size());
    }
  EXPECT_EQ(seen.size(), 20u);
  EXPECT_EQ(std::set<std::size_t>(seen.begin(), seen.end()).size(), 20u);
}

TEST(Corpus, EachPartReachesItsShareAndStopsAtTheDocumentThatReachesIt) {
  // 20 documents of 1000, 1010, ... 1190 bytes are 21900 bytes; a tenth is 2190, at most one
  // document (1190) more.
  const CorpusParts parts = divide(many_documents(), 0.2);
  for (const auto* part : {&parts.selection, &parts.report}) {
    EXPECT_GE(bytes_of(*part), 2190u);
    EXPECT_LT(bytes_of(*part), 2190u + 1190u);
  }
}

TEST(Corpus, TheDivisionIsTheSameInAnyOrderOfFiles) {
  auto documents = many_documents();
  const auto first = in_key_order(documents);
  std::reverse(documents.begin(), documents.end());
  const auto second = in_key_order(documents);
  for (std::size_t i = 0; i < first.size(); ++i) EXPECT_EQ(first[i].name, second[i].name);
}

TEST(Corpus, TheOrderIsNotThatOfTheNames) {
  const auto documents = many_documents();
  EXPECT_FALSE(std::is_sorted(documents.begin(), documents.end(),
                              [](const auto& a, const auto& b) { return a.hash < b.hash; }));
}

TEST(Corpus, OneDocumentGivesItsLastPart) {
  const std::string text = std::string(900, 'a') + std::string(50, 'b') + std::string(50, 'c');
  const std::vector<Document> documents = {{"one", text, 1}};
  const CorpusParts parts = divide(documents, 0.1);
  EXPECT_EQ(parts.training.at(0).text, std::string(900, 'a'));
  EXPECT_EQ(parts.selection.at(0).text, std::string(50, 'b'));
  EXPECT_EQ(parts.report.at(0).text, std::string(50, 'c'));
}

TEST(Corpus, OneDocumentIsNotCutWithinACharacter) {
  std::string text;
  for (int i = 0; i < 101; ++i) text += "\xC3\xA9";  // e with acute, two bytes
  const std::vector<Document> documents = {{"one", text, 1}};
  const CorpusParts parts = divide(documents, 0.25);
  for (const auto* part : {&parts.training, &parts.selection, &parts.report}) {
    EXPECT_EQ(part->at(0).text.size() % 2, 0u);
    EXPECT_EQ(part->at(0).text[0], '\xC3');
  }
  EXPECT_EQ(bytes_of(parts.training) + bytes_of(parts.selection) + bytes_of(parts.report), 202u);
}

TEST(Corpus, OfTwoDocumentsOneIsTrainedOnWhole) {
  const std::vector<Document> documents = {document("a", 100, 1), document("b", 60, 2)};
  const CorpusParts parts = divide(documents, 0.05);
  EXPECT_EQ(parts.training.at(0).text.size(), 60u);
  EXPECT_EQ(parts.selection.at(0).document, parts.report.at(0).document);
  EXPECT_EQ(bytes_of(parts.selection) + bytes_of(parts.report), 100u);
}

TEST(Corpus, OfThreeDocumentsEachPartHasOneHoweverLargeTheShare) {
  const std::vector<Document> documents = {document("a", 10, 1), document("b", 10, 2),
                                           document("c", 10, 3)};
  const CorpusParts parts = divide(documents, 0.9);
  EXPECT_EQ(parts.training.size(), 1u);
  EXPECT_EQ(parts.selection.size(), 1u);
  EXPECT_EQ(parts.report.size(), 1u);
}

TEST(Corpus, TwinsAreRefusedByName) {
  const auto message = message_of([] {
    in_key_order({document("left", 5, 7), document("right", 5, 7)});
  });
  EXPECT_NE(message.find("left"), std::string::npos) << message;
  EXPECT_NE(message.find("right"), std::string::npos) << message;
}

TEST(Corpus, AShareThatIsNoShareIsRefused) {
  for (const double share : {0.0, 1.0, -0.1, 2.0})
    EXPECT_THROW(divide(many_documents(), share), InputError) << share;
}

TEST(Corpus, MissingAndEmptyFilesAreRefusedByName) {
  const auto folder = std::filesystem::path(testing::TempDir()) / "corpus_test";
  std::filesystem::create_directories(folder);
  const std::string empty = (folder / "empty.txt").string();
  std::ofstream(empty).close();
  EXPECT_NE(message_of([&] { read_documents({empty}); }).find(empty), std::string::npos);
  const std::string missing = (folder / "missing.txt").string();
  EXPECT_NE(message_of([&] { read_documents({missing}); }).find(missing), std::string::npos);
  EXPECT_THROW(read_documents({}), InputError);
  std::filesystem::remove_all(folder);
}

}  // namespace
}  // namespace isoloss
