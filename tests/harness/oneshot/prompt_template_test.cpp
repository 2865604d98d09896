#include "harness/oneshot/prompt_template.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "model/spec/error.h"

namespace isoloss {
namespace {

using nlohmann::json;

const json kItem = {{"id", "q7"},
                    {"title", "Owls"},
                    {"count", 3},
                    {"sure", true},
                    {"words", {"one", "two", "three"}},
                    {"place", 1},
                    {"turns", {{{"q", "Who?"}, {"a", "Ann"}}, {{"q", "When?"}, {"a", "noon"}}}}};

std::string made(const std::string& source) {
  return PromptTemplate(source, "cards/x.yaml:3: context").render({&kItem});
}

std::string fault(const std::string& source) {
  try {
    made(source);
  } catch (const InputError& error) {
    return error.what();
  }
  return "no error";
}

TEST(PromptTemplate, FieldsElementsAndBraces) {
  EXPECT_EQ(made("{title}: {count} {sure} {{x}}"), "Owls: 3 true {x}");
  EXPECT_EQ(made("{words[0]} {words[-1]} {turns[1].a}"), "one three noon");
  EXPECT_EQ(made("{words|joined ', '}"), "one, two, three");
}

TEST(PromptTemplate, EachSeesItsElementFirstAndTheItemAroundIt) {
  EXPECT_EQ(made("{each turns}{title} {q} {a}; {end}."), "Owls Who? Ann; Owls When? noon; .");
  EXPECT_EQ(made("{each words}<{.}>{end}"), "<one><two><three>");
}

TEST(PromptTemplate, TestsChooseABranch) {
  EXPECT_EQ(made("{if title is 'Owls'}a{else}b{end}"), "a");
  EXPECT_EQ(made("{if title ends 'x'}a{else}b{end}c"), "bc");
  EXPECT_EQ(made("{if title|lower in 'cats owls'}a{end}"), "a");
  EXPECT_EQ(made("{each turns}{if a is 'Ann'}{q}{end}{end}"), "Who?");
}

TEST(PromptTemplate, FiltersTakeTextsNumbersAndFields) {
  EXPECT_EQ(made("{title|cut 1|lower}"), "owl");
  EXPECT_EQ(made("{title|replace 'l' words[0]}"), "Owones");
  EXPECT_EQ(made("{title|replace 'Owls' 'it''s'}"), "it's");
  EXPECT_EQ(made("{with lower}{title} A{end}"), "owls a");
}

TEST(PromptTemplate, AFieldThatTheItemLacksIsNamedWithCardLineAndItem) {
  EXPECT_EQ(fault("{titel}"),
            "cards/x.yaml:3: context: item q7: field 'titel' is not in the item (the data have no "
            "such field); did you mean 'title'?");
  EXPECT_THAT(fault("{words[3]}"), testing::HasSubstr("the list has 3 elements"));
  EXPECT_THAT(fault("{words}"), testing::HasSubstr("is no text"));
}

TEST(PromptTemplate, MalformedSourcesAreRefusedWhenRead) {
  EXPECT_EQ(fault("{title|lowr}"),
            "cards/x.yaml:3: context: unknown filter 'lowr' (no such name); did you mean 'lower'?");
  EXPECT_THAT(fault("{title"), testing::HasSubstr("is not closed"));
  EXPECT_THAT(fault("{title|before 'x}"), testing::HasSubstr("is not closed"));
  EXPECT_THAT(fault("{title|before 'it''"), testing::HasSubstr("is not closed"));
  EXPECT_THAT(fault("{title||lower}"), testing::HasSubstr("a filter has no name"));
  EXPECT_THAT(fault("title}"), testing::HasSubstr("closes nothing"));
  EXPECT_THAT(fault("{each turns}{q}"), testing::HasSubstr("{each} is not closed"));
  EXPECT_THAT(fault("{end}"), testing::HasSubstr("closes nothing"));
  EXPECT_THAT(fault("{title|cut}"), testing::HasSubstr("takes 1 arguments (it has 0)"));
  EXPECT_THAT(fault("{if title has 'x'}{end}"), testing::HasSubstr("unknown test 'has'"));
  EXPECT_THAT(fault("{title lower}"), testing::HasSubstr("only |filter may"));
}

}  // namespace
}  // namespace isoloss
