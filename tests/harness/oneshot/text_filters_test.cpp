#include "harness/oneshot/text_filters.h"

#include <gtest/gtest.h>

#include "harness/oneshot/unicode_text.h"

namespace isoloss {
namespace {

std::string changed(const std::string& filter, const std::string& text,
                    std::vector<std::string> arguments = {}) {
  return find_text_filter(filter)->apply(text, arguments);
}

TEST(TextFilters, DivideAtTheLastBlankOrTheFirstMark) {
  EXPECT_EQ(changed("minus_last_word", "to be or not"), "to be or");
  EXPECT_EQ(changed("last_word", "to be or not"), "not");
  EXPECT_EQ(changed("before", "a _ b _", {"_"}), "a ");
  EXPECT_EQ(changed("after", "a _ b _", {"_"}), " b _");
  EXPECT_THROW(changed("last_word", "word"), TemplateProblem);
  EXPECT_THROW(changed("before", "word", {"_"}), TemplateProblem);
}

// Python: "éCOLE".capitalize() == "École", "ÅB ĀĞ ΔΞ ЖЯ".lower() == "åb āğ δξ жя".
TEST(TextFilters, CaseIsChangedAsPythonChangesIt) {
  EXPECT_EQ(changed("capitalized", "éCOLE de Paris"), "École de paris");
  EXPECT_EQ(changed("first_lower", "The Cat"), "the Cat");
  EXPECT_EQ(changed("lower", "ÅB ĀĞ ΔΞ ЖЯ ß ×"), "åb āğ δξ жя ß ×");
  EXPECT_EQ(changed("cut", "naïve", {"3"}), "na");
}

TEST(TextFilters, AWordIsStarredAtItsPlaceAlone) {
  EXPECT_EQ(changed("starred", "it saw that it's it.", {"it", "4"}), "it saw that it's *it*.");
  EXPECT_EQ(changed("starred", "it  fell", {"it", "0"}), "*it*  fell");
  EXPECT_THROW(changed("starred", "it fell", {"it", "1"}), TemplateProblem);
  EXPECT_THROW(changed("starred", "it fell", {"it", "9"}), TemplateProblem);
}

// By hand from preprocess() of lm-evaluation-harness's hellaswag.
TEST(TextFilters, WikihowMarksGoAsTheHarnessRemovesThem) {
  EXPECT_EQ(changed("wikihow", " [header] How to sit [title] Find [a] chair. "),
            " How to sit. Find chair.");
  EXPECT_EQ(changed("wikihow", "a   b [c"), "a  b [c");
}

// By hand from general_detokenize() and wsc273's utils of lm-evaluation-harness.
TEST(TextFilters, TokensJoinAndLeadingArticlesAreLowered) {
  EXPECT_EQ(changed("detokenized", "He did n't say \" no \" ( twice ) , Ann 's dog ."),
            "He didn't say\"no\"(twice), Ann's dog.");
  EXPECT_EQ(changed("lower_leading", "The man of The Hague", {"A The"}), "the man of the Hague");
  EXPECT_EQ(changed("lower_leading", "Theo", {"A The"}), "Theo");
}

TEST(UnicodeText, CountsCharactersNotBytes) {
  EXPECT_EQ(count_code_points("naïve – 日本 🙂"), 12);
  EXPECT_EQ(count_code_points("\xff\xc3"), 2);
  EXPECT_EQ(utf8(code_points_of("naïve – 日本 🙂")), "naïve – 日本 🙂");
  EXPECT_EQ(trimmed("\xc2\xa0 a b\n"), "a b");
}

}  // namespace
}  // namespace isoloss
