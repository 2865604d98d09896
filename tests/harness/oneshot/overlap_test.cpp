#include "harness/oneshot/overlap.h"

#include <fmt/format.h>
#include <gtest/gtest.h>

#include <algorithm>

#include "model/spec/counter_random.h"

namespace isoloss {
namespace {

using Texts = std::vector<std::vector<std::string>>;

// Every row of thirteen words of every text against every one of every document.
std::vector<bool> found_plainly(const Texts& texts, const std::vector<std::string>& documents) {
  std::vector<bool> found(texts.size());
  for (std::size_t item = 0; item < texts.size(); ++item)
    for (const std::string& text : texts[item])
      for (const std::string& document : documents) {
        const auto a = overlap_words(text), b = overlap_words(document);
        for (std::size_t i = 0; i + 13 <= a.size(); ++i)
          for (std::size_t j = 0; j + 13 <= b.size(); ++j)
            if (std::equal(a.begin() + static_cast<std::ptrdiff_t>(i),
                           a.begin() + static_cast<std::ptrdiff_t>(i) + 13,
                           b.begin() + static_cast<std::ptrdiff_t>(j)))
              found[item] = true;
      }
  return found;
}

std::vector<bool> found_by_search(const Texts& texts, const std::vector<std::string>& documents) {
  OverlapSearch search(texts);
  for (const std::string& document : documents) search.read(document);
  return search.found();
}

// Words out of three, so that rows of thirteen repeat now and then.
std::string babble(std::uint64_t stream, std::size_t words) {
  const char* forms[] = {"one ", "Two, ", "\"three\"\n"};
  std::string text;
  for (std::uint64_t i = 0; i < words; ++i) text += forms[random_below(5, stream, i, 3)];
  return text;
}

TEST(Overlap, FindsWhatComparingEveryRowFinds) {
  Texts texts;
  for (std::uint64_t item = 0; item < 60; ++item)
    texts.push_back({babble(item, 10 + item), babble(item % 7, 14)});
  std::vector<std::string> documents;
  for (std::uint64_t document = 0; document < 40; ++document)
    documents.push_back(babble(1000 + document, 400));
  documents.push_back(babble(3, 13));  // the beginning of some items' second text
  const auto expected = found_plainly(texts, documents);
  EXPECT_EQ(found_by_search(texts, documents), expected);
  const auto count = std::count(expected.begin(), expected.end(), true);
  EXPECT_GT(count, 5);
  EXPECT_LT(count, 55);
}

const std::string kThirteen = "a b c d e f g h i j k l m";

TEST(Overlap, ThirteenWordsAreEnoughAndTwelveAreNot) {
  const Texts texts = {{"x a b c d e f g h i j k l m y"}, {"x a b c d e f g h i j k l y"}};
  EXPECT_EQ(found_by_search(texts, {"z " + kThirteen + " z"}), (std::vector<bool>{true, false}));
}

TEST(Overlap, CaseAndPunctuationDoNotMatter) {
  EXPECT_EQ(overlap_words(" The cat's \"Tail\" -- it\tsaid:\nÉté! "),
            (std::vector<std::string>{"the", "cats", "tail", "it", "said", "Été"}));
  EXPECT_EQ(found_by_search({{kThirteen}}, {"A, b; C d e -- f g (h) i j 'k' l m."}),
            std::vector<bool>{true});
}

TEST(Overlap, RowsDoNotCrossDocumentsOrFields) {
  EXPECT_EQ(found_by_search({{kThirteen}}, {"a b c d e f g", "h i j k l m"}),
            std::vector<bool>{false});
  EXPECT_EQ(found_by_search({{"a b c d e f g", "h i j k l m"}}, {kThirteen}),
            std::vector<bool>{false});
}

TEST(Overlap, ItemsThatShareAPassageAreFoundTogether) {
  const Texts texts = {{kThirteen, "q"}, {"other"}, {kThirteen}};
  EXPECT_EQ(found_by_search(texts, {kThirteen}), (std::vector<bool>{true, false, true}));
  EXPECT_EQ(found_by_search(texts, {}), (std::vector<bool>{false, false, false}));
  EXPECT_EQ(found_by_search({}, {kThirteen}), std::vector<bool>());
}

TEST(Overlap, AnItemsTextsAreAllButItsNamesAndLabel) {
  const DataItem item = R"({"id": "i", "group": "g", "label": "neutral", "story": "s", "n": 3,
      "answers": [["x", "y"], ["z"]], "turns": [{"question": "q", "answer": "a"}]})"_json;
  EXPECT_EQ(item_texts(item), (std::vector<std::string>{"x", "y", "z", "s", "a", "q"}));
}

}  // namespace
}  // namespace isoloss
