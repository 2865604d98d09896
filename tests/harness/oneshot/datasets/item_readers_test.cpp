// The canonical items of each data set, as docs/scoring.md lists their fields, from both of its
// forms.
#include <gtest/gtest.h>

#include "model/spec/error.h"
#include "tests/harness/oneshot/datasets/public_samples.h"
#include "tests/harness/oneshot/parquet/missing_packages.h"

namespace isoloss {
namespace {

using nlohmann::json;

json without(json items, const char* field) {
  for (json& item : items) item.erase(field);
  return items;
}

TEST(ItemReaders, HellaSwag) {
  const json expected = R"([{"id": "24", "group": "film~7", "activity": "Baking bread",
      "ctx_a": "A baker kneads dough on a table.", "ctx_b": "she",
      "ctx": "A baker kneads dough on a table. she",
      "endings": ["puts it into the oven.", "paints it blue.", "throws it at a dog.",
                  "reads it aloud."], "label": 0}])"_json;
  EXPECT_EQ(published("hellaswag"), expected);
  EXPECT_EQ(exported("hellaswag"), expected);
}

TEST(ItemReaders, Lambada) {
  EXPECT_EQ(published("lambada"),
            R"([{"id": "1", "group": "1",
                 "text": "she asked the smith for a key , and he made the key"},
                {"id": "2", "group": "2",
                 "text": "they sailed to the island , and found no island"}])"_json);
  EXPECT_EQ(exported("lambada"), R"([{"id": "1", "group": "1",
      "text": "\"Where is the boat?\" he asked. Nobody had seen the boat"}])"_json);
}

TEST(ItemReaders, StoryCloze) {
  const json expected = R"([{"id": "s-1", "group": "s-1",
      "sentences": ["Ann lost her hat.", "She looked in the hall.",
                    "She looked, too, under the bed.", "Her brother said \"look up\"."],
      "endings": ["The hat was on the lamp.", "She bought a cow."], "label": 0}])"_json;
  EXPECT_EQ(published("storycloze"), expected);
  EXPECT_EQ(exported("storycloze"), expected);
  EXPECT_EQ(json(found("publishers", "storycloze").shots), expected) << "of a .tsv";
}

TEST(ItemReaders, QuestionsWithoutPassages) {
  const json trivia = R"([{"id": "q_1", "group": "q_1",
      "question": "What is the capital of France?", "answers": ["Paris", "Paris, France"]}])"_json;
  EXPECT_EQ(published("triviaqa"), trivia);
  EXPECT_EQ(exported("triviaqa"), trivia);
  const json natural = R"([{"id": "1", "group": "1",
      "question": "how many legs has a spider", "answers": ["eight", "8"]}])"_json;
  EXPECT_EQ(published("naturalqs"), natural);
  EXPECT_EQ(exported("naturalqs"), natural);
  const json web = R"([{"id": "1", "group": "1", "question": "what hats did ann wear?",
      "answers": ["Red \"Ruby\" Hat", "Blue"]}])"_json;
  EXPECT_EQ(published("webqs"), web);
  EXPECT_EQ(exported("webqs"), web);
}

TEST(ItemReaders, WinogradHasAGapWhereThePronounStood) {
  EXPECT_EQ(published("winograd"), R"([
      {"id": "1", "group": "1", "text": "The box did not fit on the shelf because _ was too wide.",
       "pronoun": "it", "options": ["The box", "the shelf"], "label": 0},
      {"id": "2", "group": "2", "text": "Ben waved to Tom & Sue, but _'s blind.",
       "pronoun": "he", "options": ["Ben", "Tom"], "label": 1}])"_json);
  EXPECT_EQ(exported("winograd"), R"([{"id": "1", "group": "1",
       "text": "Zoë's box did not fit on the shelf because _ was too wide.",
       "pronoun": "it", "options": ["The box", "the shelf"], "label": 0}])"_json);
}

TEST(ItemReaders, WinoGrandeTwinsAreOneGroup) {
  const json fields = R"([{"sentence": "Ann gave Eve a coat because _ was cold.",
                           "options": ["Ann", "Eve"], "label": 1}])"_json;
  json expected = fields;
  expected[0]["id"] = "AB12-1";
  expected[0]["group"] = "AB12";
  EXPECT_EQ(published("winogrande"), expected);
  EXPECT_EQ(without(without(exported("winogrande"), "id"), "group"), fields);
}

TEST(ItemReaders, PiqaLabelsLieBesideItsItems) {
  EXPECT_EQ(published("piqa"), R"([
      {"id": "1", "group": "1", "goal": "Open a jar.",
       "solutions": ["Turn the lid.", "Turn the shelf."], "label": 0},
      {"id": "2", "group": "2", "goal": "Dry a plate.",
       "solutions": ["Use a hammer.", "Use a towel."], "label": 1}])"_json);
  EXPECT_EQ(exported("piqa"), R"([{"id": "1", "group": "1", "goal": "Open a jar.",
       "solutions": ["Turn the lid.", "Turn the shelf."], "label": 0}])"_json);
}

TEST(ItemReaders, LetteredAndNumberedChoices) {
  const json arc = R"([{"id": "Easy_1", "group": "Easy_1",
      "question": "Which of these is a liquid on a warm day?",
      "choices": ["water", "stone", "iron"], "label": 0}])"_json;
  EXPECT_EQ(published("arc_easy"), arc);
  EXPECT_EQ(exported("arc_easy"), arc);
  EXPECT_EQ(published("arc_challenge")[0]["id"], "Challenge_1");
  EXPECT_EQ(exported("arc_challenge"), published("arc_challenge"));
  const json book = R"([{"id": "8-1", "group": "8-1", "question": "A cat that is cold looks for",
      "choices": ["ice", "a stove"], "label": 1}])"_json;
  EXPECT_EQ(published("openbookqa"), book);
  EXPECT_EQ(exported("openbookqa"), book);
}

TEST(ItemReaders, QuacKeepsEqualAnswersAndShowsTheConversationsOwn) {
  json expected = R"([
      {"id": "C_1_0_q#0", "question": "What did she do?",
       "answers": ["sang in a choir", "sang in a choir", "sang"], "turns": []},
      {"id": "C_1_0_q#1", "question": "Was it hers?",
       "answers": ["She left it", "CANNOTANSWER", "She left it", "She left it"],
       "turns": [{"question": "What did she do?", "answer": "sang in a choir"}]},
      {"id": "C_1_0_q#2", "question": "Until when?", "answers": ["in 1960"],
       "turns": [{"question": "What did she do?", "answer": "sang in a choir"},
                 {"question": "Was it hers?", "answer": "CANNOTANSWER"}]}])"_json;
  for (json& item : expected)
    item.update(R"({"group": "C_1_0", "title": "Ann Lee", "section": "Early life",
        "paragraph": "Ann Lee sang in a choir from 1950. She left it in 1960. CANNOTANSWER"})"_json);
  EXPECT_EQ(published("quac"), expected);
  EXPECT_EQ(exported("quac"), expected);
}

TEST(ItemReaders, RaceCarriesTheEarlierQuestionsOfItsArticle) {
  const json expected = R"([
      {"id": "high1.txt/1", "group": "high1.txt",
       "article": "A farmer had two goats. One was white.",
       "question": "How many goats were there?", "options": ["None", "Two", "Three", "Four"],
       "label": 1, "earlier": []},
      {"id": "high1.txt/2", "group": "high1.txt",
       "article": "A farmer had two goats. One was white.", "question": "One goat was _ .",
       "options": ["White", "Red", "Blue", "Green"], "label": 0,
       "earlier": [{"question": "How many goats were there?", "answer": "Two"}]}])"_json;
  EXPECT_EQ(published("race_high"), expected);
  EXPECT_EQ(exported("race_high"), expected);
  EXPECT_EQ(published("race_middle")[1]["id"], "middle1.txt/2");
  EXPECT_EQ(exported("race_middle"), published("race_middle"));
}

TEST(ItemReaders, SquadWithoutAnAnswerHasNone) {
  const json expected = R"([
      {"id": "a1", "group": "text 1", "title": "Old_Mill",
       "context": "The mill was built in 1820 by two brothers.",
       "question": "When was the mill built?", "answers": ["1820", "in 1820"], "earlier": []},
      {"id": "a2", "group": "text 1", "title": "Old_Mill",
       "context": "The mill was built in 1820 by two brothers.",
       "question": "Who burnt the mill?", "answers": [],
       "earlier": [{"question": "When was the mill built?", "answer": "1820"}]},
      {"id": "a3", "group": "text 1", "title": "Old_Mill",
       "context": "The mill was built in 1820 by two brothers.",
       "question": "Who built it?", "answers": ["two brothers"],
       "earlier": [{"question": "When was the mill built?", "answer": "1820"},
                   {"question": "Who burnt the mill?", "answer": ""}]}])"_json;
  EXPECT_EQ(published("squadv2"), expected);
  EXPECT_EQ(exported("squadv2"), expected);
}

TEST(ItemReaders, CoqaKeepsEveryAnnotatorsAnswer) {
  const json expected = R"([
      {"id": "c1/1", "group": "c1", "story": "Tim has a red kite. He flies it on Sunday.",
       "question": "What has Tim?", "answers": ["a kite", "a red kite", "a kite"], "turns": []},
      {"id": "c1/2", "group": "c1", "story": "Tim has a red kite. He flies it on Sunday.",
       "question": "When does he fly it?", "answers": ["on Sunday", "Sunday", "Sundays"],
       "turns": [{"question": "What has Tim?", "answer": "a kite"}]}])"_json;
  EXPECT_EQ(published("coqa"), expected);
  EXPECT_EQ(exported("coqa"), expected);
}

TEST(ItemReaders, DropAnswersAreListsOfSpans) {
  const json expected = R"([
      {"id": "d1", "group": "team_1", "question": "How many games did it win?",
       "passage": "The team won 21 games on 3 May 1990 and lost 4. Lee and Roe scored.",
       "answers": [["21"], ["21 games"]]},
      {"id": "d2", "group": "team_1", "question": "When did it win?",
       "passage": "The team won 21 games on 3 May 1990 and lost 4. Lee and Roe scored.",
       "answers": [["3 May 1990"]]},
      {"id": "d3", "group": "team_1", "question": "Who scored?",
       "passage": "The team won 21 games on 3 May 1990 and lost 4. Lee and Roe scored.",
       "answers": [["Lee", "Roe"]]}])"_json;
  EXPECT_EQ(published("drop"), expected);
  EXPECT_EQ(exported("drop"), expected);
}

TEST(ItemReaders, BoolqTitlesStandBesideOrBeforeThePassage) {
  const json fields = R"([{"group": "text 1", "title": "Tea", "question": "is tea a plant",
      "passage": "Tea is made from the leaves of a plant.", "label": true}])"_json;
  EXPECT_EQ(without(published("boolq"), "id"), fields);
  EXPECT_EQ(without(exported("boolq"), "id"), fields);
}

TEST(ItemReaders, EntailmentLabelsAreWordsHoweverTheyAreGiven) {
  const json cb = R"([
      {"id": "0", "group": "text 1", "premise": "It is dark. I think the sun is down.",
       "hypothesis": "the sun is down", "label": "entailment"},
      {"id": "1", "group": "text 1", "premise": "It is dark. I think the sun is down.",
       "hypothesis": "the sun is up", "label": "contradiction"}])"_json;
  EXPECT_EQ(published("cb"), cb);
  EXPECT_EQ(exported("cb"), cb);
  const json rte = R"([{"id": "0", "group": "text 1", "premise": "Ann went to Rome in May.",
      "hypothesis": "Ann was in Rome.", "label": "entailment"}])"_json;
  EXPECT_EQ(published("rte"), rte);
  EXPECT_EQ(exported("rte"), rte);
  EXPECT_EQ(json(found("publishers", "rte").shots),
            R"([{"id": "0", "group": "text 1", "premise": "Ann went to Rome in May.",
                 "hypothesis": "Ann was in \"Oslo\".", "label": "not_entailment"}])"_json);
  for (const std::string round : {"1", "2", "3"}) {
    json anli = R"([{"group": "text 1", "premise": "The bridge opened in 1901.",
                     "hypothesis": "The bridge is old.", "label": "entailment"},
                    {"group": "text 1", "premise": "The bridge opened in 1901.",
                     "hypothesis": "It is red.", "label": "neutral"}])"_json;
    anli[0]["id"] = "u" + round + "a";
    anli[1]["id"] = "u" + round + "b";
    EXPECT_EQ(published("anli_r" + round), anli);
    EXPECT_EQ(exported("anli_r" + round), anli);
  }
}

TEST(ItemReaders, WicLabelsLieBesideTheOriginalRelease) {
  EXPECT_EQ(published("wic"), R"([
      {"id": "1", "group": "1", "sentence1": "We sat on the bank .",
       "sentence2": "The bank lent money .", "word": "bank", "label": false},
      {"id": "2", "group": "2", "sentence1": "I run daily .", "sentence2": "They run fast .",
       "word": "run", "label": true}])"_json);
  EXPECT_EQ(exported("wic"), R"([
      {"id": "0", "group": "0", "sentence1": "We sat on the bank .",
       "sentence2": "The bank lent money .", "word": "bank", "label": false}])"_json);
}

TEST(ItemReaders, Copa) {
  const json expected = R"([{"id": "501", "group": "501", "premise": "The glass broke.",
      "question": "cause", "choices": ["It was full.", "It fell."], "label": 1}])"_json;
  EXPECT_EQ(published("copa"), expected);
  EXPECT_EQ(exported("copa"), expected);
}

TEST(ItemReaders, Wsc) {
  const json expected = R"([{"id": "0", "group": "text 1",
      "text": "Mark told Pete many lies, which Pete kept in his book. He should have been more sceptical.",
      "noun": "Mark", "pronoun": "He", "noun_index": 0, "pronoun_index": 11, "label": false}])"_json;
  EXPECT_EQ(published("wsc"), expected);
  EXPECT_EQ(exported("wsc"), expected);
}

TEST(ItemReaders, MultircQuestionsHoldTheirAnswers) {
  json expected = R"([{"id": "3/5", "group": "3", "passage": "A dog sleeps. It wakes at noon.",
      "question": "When does it wake?",
      "answers": [{"text": "at noon", "label": true}, {"text": "at night", "label": false}]}])"_json;
  EXPECT_EQ(published("multirc"), expected);
  EXPECT_EQ(exported("multirc"), expected);
  expected[0]["id"] = "news/1.txt/0";
  expected[0]["group"] = "news/1.txt";
  expected[0]["answers"].erase(1);
  EXPECT_EQ(json(found("publishers", "multirc").shots), expected) << "of the original release";
}

TEST(ItemReaders, RecordHighlightsStandApart) {
  const json expected =
      R"([{"id": "7/12", "group": "7", "passage": "José Ruiz met Ann Lee in Rome.",
      "highlights": ["Ruiz visits Italy", "Lee was glad"],
      "query": "@placeholder was met in Italy's capital",
      "entities": ["José Ruiz", "Ann Lee", "Rome"], "answers": ["Ann Lee"]}])"_json;
  EXPECT_EQ(published("record"), expected);
  EXPECT_EQ(exported("record"), expected);
}

// Of every data set: texts, numbers, truth values, lists, lists in structs, structs in lists.
TEST(ItemReaders, ParquetHoldsTheItemsOfJsonLines) {
  if (const auto missing = missing_packages({kSnappy}); !missing.empty()) GTEST_SKIP() << missing;
  for (const PublicDataSet& set : public_data_sets())
    EXPECT_EQ(json(found("hub", set.name).items), exported(set.name)) << set.name;
}

TEST(ItemReaders, TheCollectionOfSchemasIsReadUpToItsFirst273) {
  const DataRecord schema{R"({"text": "Ann met Eve as she left.", "pronoun": "she",
      "pronoun_loc": 15, "options": ["Ann", "Eve"], "label": 0})"_json,
                          "here"};
  EXPECT_EQ(data_items("winograd", std::vector<DataRecord>(285, schema)).size(), 273u);
}

DataRecord substitution(int question, const char* text, bool right) {
  return {{{"question_id", question}, {"substitution", text}, {"correctness", right}}, "here"};
}

// Trinh & Le's partial scoring takes the words that both sentences begin with, and those that both
// end with, off the substitution (their appendix on evaluation; phrases marked by hand here).
TEST(ItemReaders, SchemasWithSubstitutionsAreWhereTheirSentencesDiffer) {
  struct Case {
    const char *first, *second, *text;
    json options;
  };
  const Case cases[] = {
      {"The cup broke the jar as the cup fell.",
       "The cup broke the jar as the jar fell.",
       "The cup broke the jar as the _ fell.",
       {"cup", "jar"}},
      {"Ann woke Eve. Ann's bed fell.",
       "Ann woke Eve. Eve's bed fell.",
       "Ann woke Eve. _ bed fell.",
       {"Ann's", "Eve's"}},
      {"He ran to Ann.", "He ran to Eve.", "He ran to _.", {"Ann", "Eve"}},
      // One phrase is the other's beginning, or its end: it stays whole.
      {"So Bob left.", "So Bob Lee left.", "So _ left.", {"Bob", "Bob Lee"}},
      {"Lee left.", "Bob Lee left.", "_ left.", {"Lee", "Bob Lee"}},
  };
  for (const Case& it : cases) {
    const auto items =
        data_items("winograd", std::vector<DataRecord>{substitution(4, it.first, false),
                                                       substitution(4, it.second, true)});
    EXPECT_EQ(json(items), json::array({{{"id", "4"},
                                         {"group", "4"},
                                         {"text", it.text},
                                         {"pronoun", ""},
                                         {"options", it.options},
                                         {"label", 1}}}));
  }
}

TEST(ItemReaders, SubstitutionsThatAreNoPairAreRefused) {
  const DataRecord right = substitution(4, "Ann ran.", true);
  const std::vector<std::vector<DataRecord>> bad = {{right},
                                                    {right, substitution(5, "Eve ran.", false)},
                                                    {right, substitution(4, "Eve ran.", true)},
                                                    {right, substitution(4, "Ann ran.", false)}};
  for (const auto& records : bad) EXPECT_THROW(data_items("winograd", records), InputError);
}

TEST(ItemReaders, IdsThatAPublisherGivesTwiceAreToldApart) {
  const DataRecord record{R"({"goal": "g", "sol1": "a", "sol2": "b", "label": 1, "id": "x"})"_json,
                          "here"};
  const auto items = data_items("piqa", std::vector<DataRecord>(3, record));
  EXPECT_EQ(items[0]["id"], "x");
  EXPECT_EQ(items[1]["id"], "x#2");
  EXPECT_EQ(items[2]["id"], "x#3");
}

json items_of(const std::string& name, const json& record) {
  return data_items(name, std::vector<DataRecord>{{record, "here"}});
}

TEST(ItemReaders, CoqaWithOneAnnotator) {
  EXPECT_EQ(items_of("coqa", R"({"source": "ours", "story": "Tim has a kite.",
                "questions": ["Who has it?", "What is it?"],
                "answers": {"input_text": ["Tim", "a kite"], "answer_start": [0, 8],
                            "answer_end": [3, 14]}})"_json),
            R"([{"id": "text 1/1", "group": "text 1", "story": "Tim has a kite.",
                 "question": "Who has it?", "answers": ["Tim"], "turns": []},
                {"id": "text 1/2", "group": "text 1", "story": "Tim has a kite.",
                 "question": "What is it?", "answers": ["a kite"],
                 "turns": [{"question": "Who has it?", "answer": "Tim"}]}])"_json);
}

TEST(ItemReaders, DropWithOneAnswer) {
  EXPECT_EQ(items_of("drop", R"({"section_id": "s", "query_id": "q", "passage": "Lee ran.",
                "question": "Who ran?", "answers_spans": {"spans": ["Lee"], "types": ["span"]}})"_json),
            R"([{"id": "q", "group": "s", "passage": "Lee ran.", "question": "Who ran?",
                 "answers": [["Lee"]]}])"_json);
}

TEST(ItemReaders, BoolqWithoutATitleHasAnEmptyOne) {
  EXPECT_EQ(
      items_of("boolq", R"({"question": "is it", "passage": "It is.", "answer": false})"_json),
      R"([{"id": "1", "group": "text 1", "title": "", "passage": "It is.",
                 "question": "is it", "label": false}])"_json);
}

TEST(ItemReaders, RecordOfTheOriginalRelease) {
  EXPECT_EQ(items_of("record", R"({"id": "p", "source": "ours", "passage": {"text": "Lee ran.",
                "entities": [{"start": 0, "end": 2}, {"start": 0, "end": 2}]},
                "qas": [{"id": "q", "query": "@placeholder was fast",
                         "answers": [{"start": 0, "end": 2, "text": "Lee"}]}]})"_json),
            R"([{"id": "p/q", "group": "p", "passage": "Lee ran.", "highlights": [],
                 "query": "@placeholder was fast", "entities": ["Lee"], "answers": ["Lee"]}])"_json);
}

std::string refusal(const std::string& name, const char* fields) {
  const std::vector<DataRecord> records = {{json::parse(fields), "val.jsonl:7"}};
  return message_of([&] { data_items(name, records); });
}

TEST(ItemReaders, WhatARecordLacksIsNamedWithItsPlace) {
  EXPECT_EQ(
      refusal("piqa", R"({"goal": "g", "sol1": "a", "label": 1})"),
      "val.jsonl:7: no 'sol2' (fields here: goal, label, sol1); fetch the file again; did you "
      "mean 'sol1'?");
  EXPECT_EQ(refusal("piqa", R"({"goal": "g", "sol1": "a", "sol2": "b", "label": 2})"),
            "val.jsonl:7: 'label' is 2 (0 to 1 is wanted); fetch the file again");
  EXPECT_EQ(refusal("boolq", R"({"question": "q", "passage": "p", "label": "maybe"})"),
            "val.jsonl:7: 'label' or 'answer' is \"maybe\" (true or false is wanted); fetch the "
            "file again");
  EXPECT_EQ(refusal("cb", R"({"premise": "p", "hypothesis": "h", "label": "yes"})"),
            "val.jsonl:7: 'label' is \"yes\" (one of entailment, contradiction, neutral, or its "
            "number is wanted); fetch the file again");
  EXPECT_EQ(refusal("naturalqs", R"({"question": "q", "answer": []})"),
            "val.jsonl:7: no answer (an item needs one); fetch the file again");
  EXPECT_EQ(refusal("hellaswag", R"({"endings": "one"})"),
            "val.jsonl:7: 'endings' is \"one\" (a list of texts is wanted); fetch the file again");
}

TEST(ItemReaders, ADataSetThatIsNoneIsRefusedWithTheNearest) {
  EXPECT_EQ(message_of([] { data_items("helaswag", {}); }),
            "'helaswag' is no data set (none of the 29 known); did you mean 'hellaswag'?");
}

}  // namespace
}  // namespace isoloss
