#include "harness/oneshot/evaluate_task.h"

#include <fmt/format.h>
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <algorithm>
#include <cctype>
#include <iterator>

#include "harness/oneshot/metrics.h"
#include "model/spec/error.h"
#include "results/task_scores_file.h"
#include "tests/harness/oneshot/byte_scorer.h"
#include "tests/harness/oneshot/sample_items.h"

namespace isoloss {
namespace {

using nlohmann::json;
using testing::HasSubstr;

EvaluationItems both(const std::string& data) {
  return {"", sample_items(data), sample_items(data)};
}

// Scores that depend on every byte of what is asked.
class HashScorer final : public ByteScorer {
 protected:
  ContinuationScore answer(const std::string& context, const std::string& continuation) override {
    const auto hash = std::hash<std::string>{}(context + "\n\n" + continuation);
    return {-static_cast<double>(hash % 1000) / 100 - 1, hash % 2 == 0, 0};
  }
};

TEST(EvaluateTask, AModelThatKnowsNothingScoresChanceWhereTiesAreShared) {
  int tasks = 0;
  for (const TaskCard& card : built_in_cards("gpt3")) {
    const CardMetric& first = card.metrics.front();
    // Sums favour short choices even without knowledge; the other rankings don't.
    if (!card.has_choices() || first.ranking == Ranking::Sum) continue;
    ByteScorer scorer;
    const TaskScores scores = evaluate_task(card, both(card.data), scorer, {});
    EXPECT_NEAR(summarize_metric(first, scores).value, scores.chance, 1e-12) << card.task;
    EXPECT_EQ(scores.items.size(), 2U);
    ++tasks;
  }
  EXPECT_EQ(tasks, 18);
}

TEST(EvaluateTask, AModelThatKnowsNothingGivesAllChoicesTheSameAnswerContextScore) {
  ByteScorer scorer;
  const TaskScores scores =
      evaluate_task(built_in_card("gpt3", "arc_challenge"), both("arc_challenge"), scorer, {});
  ASSERT_EQ(scores.rows.size(), 8U);
  for (const ChoiceRow& row : scores.rows)
    EXPECT_NEAR(ranked_value(Ranking::AnswerContext, row), 0, 1e-12);
  EXPECT_EQ(text_of(scorer.asked.back().context), "Answer:");
}

TEST(EvaluateTask, TiesGoToTheLowestChoiceInTheHarnesssProfile) {
  ByteScorer scorer;
  EvaluationItems data = both("winogrande");
  data.items[0]["label"] = 0;
  const TaskScores scores = evaluate_task(built_in_card("lmeval", "winogrande"), data, scorer, {});
  EXPECT_EQ(scores.items[0].values, (std::vector<double>{1}));
  EXPECT_EQ(scores.items[1].values, (std::vector<double>{0}));
}

TEST(EvaluateTask, AnItemsScoresDependOnNoOtherItemAndNoOrder) {
  for (const char* profile : {"gpt3", "lmeval"})
    for (const TaskCard& card : built_in_cards(profile)) {
      EvaluationItems data = both(card.data);
      for (int i = 0; i < 6; ++i) {
        json more = data.shown[static_cast<std::size_t>(i % 2)];
        more["id"] = fmt::format("more{}", i);
        more["group"] = more["id"];
        data.shown.push_back(more);
      }
      HashScorer scorer;
      scorer.writes = "the well";
      const EvaluationOptions options{2, 5};
      const TaskScores all = evaluate_task(card, data, scorer, options);
      EvaluationItems part = data;
      part.items.erase(part.items.begin());
      std::reverse(part.shown.begin(), part.shown.end());
      if (card.last_of_group) part.shown = data.shown;
      const TaskScores some = evaluate_task(card, part, scorer, options);
      ASSERT_LT(some.items.size(), all.items.size());
      for (std::size_t i = 0; i < some.items.size(); ++i)
        EXPECT_EQ(some.items[i], all.items[i + all.items.size() - some.items.size()])
            << profile << "/" << card.task;
    }
}

TEST(EvaluateTask, NoShotsAndManyShotsStandBeforeTheQuestion) {
  const TaskCard card = built_in_card("gpt3", "lambada");
  ByteScorer scorer;
  EvaluationItems data = both("lambada");
  data.items.resize(1);
  evaluate_task(card, data, scorer, {0, 0});
  EXPECT_EQ(text_of(scorer.asked.back().context),
            "Fill in blank: He dropped the old lamp and it broke on the ____. ->");
  data.shown.push_back({{"id", "c"}, {"group", "c"}, {"text", "a b"}});
  evaluate_task(card, data, scorer, {2, 0});
  const std::string context = text_of(scorer.asked.back().context);
  EXPECT_THAT(context, HasSubstr("____. -> hungry\n"));
  EXPECT_THAT(context, HasSubstr("Fill in blank: a ____. -> b\n"));
  EXPECT_TRUE(context.ends_with("it broke on the ____. ->"));
}

TEST(EvaluateTask, RowsHoldWhatIsNeededToScoreThemAgain) {
  ByteScorer scorer;
  EvaluationItems data = both("storycloze");
  data.items.resize(1);
  data.items[0]["endings"] = {"Zoë left.", "No."};
  const TaskScores scores =
      evaluate_task(built_in_card("gpt3", "storycloze"), data, scorer, {1, 0});
  ASSERT_EQ(scores.rows.size(), 2U);
  const ChoiceRow& row = scores.rows[0];
  EXPECT_TRUE(row.gold);
  EXPECT_EQ(row.tokens, 11);  // bytes of " Zoë left."
  EXPECT_EQ(row.bytes, 11);
  EXPECT_EQ(row.code_points, 9);  // of "Zoë left."
  EXPECT_NEAR(row.log_probability, -11 * std::log(256.0), 1e-9);
  EXPECT_NEAR(scores.items[0].gold_bits_per_byte, 8, 1e-12);
  EXPECT_EQ(scores.profile, "gpt3");
  EXPECT_EQ(scores.metrics, (std::vector<std::string>{"accuracy"}));
  // A tie of per-token scores; one item has no error.
  EXPECT_EQ(scores.figures, (std::vector<MetricFigure>{{0.5, std::nan("")}}));
}

TEST(EvaluateTask, ScoresSayWhetherTheTrainingTextWasSearched) {
  ByteScorer scorer;
  const TaskCard card = built_in_card("gpt3", "piqa");
  EvaluationItems data = both("piqa");
  EXPECT_EQ(evaluate_task(card, data, scorer, {}).overlap_searched, false);
  for (json& item : data.items) item["contaminated"] = false;
  EXPECT_EQ(evaluate_task(card, data, scorer, {}).overlap_searched, true);
}

// From a file's rows, what was written and the card: no model, no items, no tokenizer.
TEST(EvaluateTask, MetricsAreAFunctionOfWhatIsStored) {
  for (const char* profile : {"gpt3", "lmeval"})
    for (const TaskCard& card : built_in_cards(profile)) {
      HashScorer scorer;
      scorer.writes = "the well";
      const TaskScores scores = evaluate_task(card, both(card.data), scorer, {});
      TaskScores rows = task_scores_from(task_scores_bytes(scores), "scores.h5");
      rows.metrics.clear();
      rows.figures.clear();
      rows.chance = -1;
      for (TaskItem& item : rows.items) item.gold_bits_per_byte = -1, item.values = {-1};
      compute_metrics(card, rows);
      EXPECT_EQ(rows, scores) << profile << "/" << card.task;
    }
}

TEST(EvaluateTask, WrittenAnswersAreAskedAsTheCardSays) {
  ByteScorer scorer;
  scorer.writes = "the German.";
  const TaskScores scores =
      evaluate_task(built_in_card("gpt3", "webqs"), both("webqs"), scorer, {1, 0});
  EXPECT_EQ(scores.items[0].values, (std::vector<double>{1}));
  EXPECT_EQ(scores.items[1].values, (std::vector<double>{0}));
  const GenerationRequest& request = scorer.written_for.at(0);
  EXPECT_EQ(request.beams, 4);
  EXPECT_DOUBLE_EQ(request.length_penalty, 0.6);
  EXPECT_EQ(request.most_tokens, 32);
  EXPECT_EQ(request.stop, (std::vector<std::string>{"\n"}));
  EXPECT_TRUE(text_of(request.context).ends_with("Q: what languages do they speak there?\n\nA:"));
  EXPECT_EQ(scores.rows.size(), 2U) << "the first accepted answer is scored too";
}

// A text that ends within a character: UTF-8 is what files of scores say that they hold.
TEST(EvaluateTask, WhatIsWrittenIsStoredAsText) {
  ByteScorer scorer;
  scorer.writes = "Zo\xC3";
  const TaskScores scores =
      evaluate_task(built_in_card("gpt3", "webqs"), both("webqs"), scorer, {1, 0});
  EXPECT_EQ(scores.items[0].generated, "Zo\uFFFD");
}

TEST(EvaluateTask, PromptsOfTheHarnesssProfileAreCutAsItCutsThem) {
  for (const auto& [profile, cuts] : {std::pair("gpt3", false), std::pair("lmeval", true)}) {
    ByteScorer scorer;
    evaluate_task(built_in_card(profile, "triviaqa"), both("triviaqa"), scorer, {0, 0});
    EXPECT_EQ(scorer.asked.at(0).cuts_first, cuts);
    EXPECT_EQ(scorer.written_for.at(0).cuts_first, cuts);
  }
}

TEST(EvaluateTask, ThePhraseChosenIsKeptAndComparedWithTheGolds) {
  class Favours final : public ByteScorer {
    ContinuationScore answer(const std::string&, const std::string& continuation) override {
      return {continuation.find("Nora Bell") != std::string::npos ? -1. : -500., false, 0};
    }
  } scorer;
  EvaluationItems data = both("record");
  data.items.resize(1);
  data.items[0]["answers"] = {"Mrs Nora Bell", "Ivo Kent"};
  const TaskScores scores = evaluate_task(built_in_card("gpt3", "record"), data, scorer, {1, 0});
  EXPECT_EQ(scores.items[0].generated, "Nora Bell");
  EXPECT_EQ(scores.items[0].values[0], 0);
  EXPECT_DOUBLE_EQ(scores.items[0].values[1], 0.8);  // 2 of 2 and 2 of 3 words
}

std::string fault(const std::string& profile, const std::string& task, const EvaluationItems& data,
                  std::int64_t longest = 100000) {
  ByteScorer scorer;
  scorer.longest_tokens = longest;
  TaskCard card = built_in_card(profile, task);
  card.refuse_long = longest == 40;
  try {
    evaluate_task(card, data, scorer, {});
  } catch (const InputError& error) {
    return error.what();
  }
  return "no error";
}

TEST(EvaluateTask, FaultsNameCardTaskAndItem) {
  EvaluationItems data = both("piqa");
  data.items[0]["label"] = 2;
  EXPECT_EQ(fault("gpt3", "piqa", data),
            "cards/gpt3/piqa.yaml: task piqa, item piqa-a: no choice is right ('label' is 2, of 2 "
            "choices); mend the item");
  data = both("piqa");
  data.items[0].erase("goal");
  EXPECT_THAT(fault("gpt3", "piqa", data),
              HasSubstr("cards/gpt3/piqa.yaml:5: context: item piqa-a: field 'goal' is not in the "
                        "item"));
  data = both("piqa");
  data.items[0]["solutions"][1] = "";
  EXPECT_THAT(fault("gpt3", "piqa", data), HasSubstr("item piqa-a: a choice is empty"));
  data = both("triviaqa");
  data.items[0]["answers"] = json::array();
  EXPECT_THAT(fault("gpt3", "triviaqa", data), HasSubstr("item triviaqa-a: no gold answer"));
  data = both("cb");
  data.items[0]["label"] = "neutrl";
  EXPECT_THAT(fault("gpt3", "cb", data), HasSubstr("did you mean 'neutral'?"));
  data.items.clear();
  EXPECT_THAT(fault("gpt3", "cb", data), HasSubstr("no items (split 'validation' of 'cb'"));
}

// A tokenizer that has no token for punctuation.
class LettersScorer final : public ByteScorer {
 public:
  std::vector<std::int32_t> encode(const std::string& text) const override {
    std::string letters;
    std::ranges::copy_if(text, std::back_inserter(letters),
                         [](unsigned char c) { return std::isalnum(c) != 0; });
    return bytes_of(letters);
  }
};

TEST(EvaluateTask, AnAnswerWithoutATokenOfItsOwnIsRefused) {
  EvaluationItems data = both("piqa");
  data.items[0]["solutions"][1] = "!?";
  LettersScorer scorer;
  try {
    evaluate_task(built_in_card("gpt3", "piqa"), data, scorer, {});
    FAIL() << "no error";
  } catch (const InputError& error) {
    EXPECT_THAT(error.what(), HasSubstr("cards/gpt3/piqa.yaml: task piqa, item piqa-a: the answer "
                                        "' !?' has no token of its own"));
  }
}

TEST(EvaluateTask, AnAnswerLongerThanTheModelReadsIsRefusedAndAPromptWhereTheCardSays) {
  EXPECT_THAT(fault("gpt3", "piqa", both("piqa"), 10),
              HasSubstr("item piqa-a: an answer is 17 tokens long (the model reads 10)"));
  EXPECT_THAT(fault("gpt3", "piqa", both("piqa"), 40),
              HasSubstr("item piqa-a: the prompt is 67 tokens long (the model reads 40)"));
  EXPECT_EQ(fault("gpt3", "piqa", both("piqa"), 41), "no error");
}

// The card writes 64 tokens at most, and one token at least is read before them.
TEST(EvaluateTask, AnAnswerThatMayTakeAllThatTheModelReadsIsRefused) {
  EXPECT_THAT(fault("gpt3", "coqa", both("coqa"), 64),
              HasSubstr("cards/gpt3/coqa.yaml: task coqa, item coqa-a: its answer may take 64 "
                        "tokens (write.most_tokens; the model reads 64 at once"));
  EXPECT_EQ(fault("gpt3", "coqa", both("coqa"), 65), "no error");
}

}  // namespace
}  // namespace isoloss
