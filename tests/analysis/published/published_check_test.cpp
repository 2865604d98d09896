#include "analysis/published/published_check.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <cmath>

#include "model/spec/error.h"
#include "tests/analysis/published/published_fixture.h"

namespace isoloss {
namespace {

using ::testing::HasSubstr;
using ::testing::Not;
using ::testing::StartsWith;

const std::string kHours = "model,hours,times\na,10.0,\nb,4.0,2.5\nc,3.0,3.6\nd,,9\ne,7.8,1.29\n";
const std::string kRatio =
    R"({"kind": "ratio", "says": "a over {model}",
        "for_each": {"columns": "model", "without": {"times": ""}},
        "of": [{"column": "hours", "where": {"model": "a"}}], "over": [{"column": "hours"}],
        "printed": {"column": "times"}})";

TEST(PublishedCheck, ReproducesWithinRoundingOrNot) {
  const MadeUpPaper paper;
  const auto found = paper.findings(kHours, kRatio);
  ASSERT_EQ(found.size(), 4u);
  EXPECT_EQ(found[0].claim, "a over b");
  EXPECT_EQ(found[0].printed, "2.5");
  EXPECT_EQ(found[0].words, "reproduces");
  EXPECT_DOUBLE_EQ(found[0].recomputed, 2.5);
  EXPECT_DOUBLE_EQ(found[0].difference, 0);
  // By hand: 10 / 3 = 3.333, at most 10.05 / 2.95 = 3.407, and 3.6 is 3.55 at least.
  EXPECT_EQ(found[1].outcome, Reproduction::DoesNot);
  EXPECT_EQ(found[1].words,
            "does not: the printed rows give 3.3333 (3.2623 to 3.4068 by their rounding)");
  EXPECT_NEAR(found[1].difference, -0.266667, 1e-6);
  EXPECT_EQ(found[2].outcome, Reproduction::CannotSay);
  EXPECT_EQ(found[2].words, "cannot be recomputed: hours of t is not printed");
  EXPECT_TRUE(std::isnan(found[2].recomputed));
  // 10 / 7.8 = 1.2821 rounds to 1.28; 10.05 / 7.75 = 1.2968 lets 1.29 be.
  EXPECT_EQ(found[3].outcome, Reproduction::Reproduces);
  EXPECT_THAT(found[3].words, StartsWith("reproduces within rounding"));
}

TEST(PublishedCheck, AUnitMakesRoundHundredsARange) {
  const MadeUpPaper paper;
  const std::string csv = "model,hours,times\na,15700,\nb,3800,4.2\n";
  EXPECT_EQ(paper.findings(csv, kRatio).front().outcome, Reproduction::DoesNot);
  // By hand: 15,750 / 3,750 = 4.2.
  EXPECT_EQ(paper.findings(csv, kRatio, R"(, "printed_to": {"hours": 100})").front().outcome,
            Reproduction::Reproduces);
}

TEST(PublishedCheck, SumsWeighTheirTerms) {
  const MadeUpPaper paper;
  const auto found = paper.findings("what,value\na,1.0\nb,2.0\nc,4.0\nsum,9.5\n",
                                    R"({"kind": "sum", "says": "x", "times": 2,
        "plus": [{"column": "value", "where": {"what": "a"}},
                 {"column": "value", "where": {"what": "c"}, "times": 1.5}],
        "minus": [{"column": "value", "where": {"what": "b"}}],
        "printed": {"column": "value", "where": {"what": "sum"}}})");
  EXPECT_DOUBLE_EQ(found.front().recomputed, 2 * (1 + 6 - 2));
}

const std::string kMeans = "task,metric,score\nu,acc,10\nv,acc,20\nv,f1,40\nw,acc,80\nmean,,40.0\n";

TEST(PublishedCheck, MeansCanAverageWithinTasksFirst) {
  const MadeUpPaper paper;
  const std::string check = R"({"kind": "mean", "says": "m", "column": "score",
      "without": {"task": "mean"}, "printed": {"column": "score", "where": {"task": "mean"}})";
  EXPECT_DOUBLE_EQ(paper.findings(kMeans, check + "}").front().recomputed, 37.5);
  // (10 + (20 + 40) / 2 + 80) / 3
  const auto within = paper.findings(kMeans, check + R"(, "within": "task"})").front();
  EXPECT_DOUBLE_EQ(within.recomputed, 40);
  EXPECT_EQ(within.words, "reproduces");
}

TEST(PublishedCheck, AMeanThatDoesNotReproduceNamesTheOneRowThatWouldExplainIt) {
  const MadeUpPaper paper;
  const auto found = paper.findings("task,score\na,1.0\nb,2.0\nc,9.0\nmean,1.5\n",
                                    R"({"kind": "mean", "says": "m", "column": "score",
      "names": "task", "without": {"task": "mean"},
      "printed": {"column": "score", "where": {"task": "mean"}}})");
  EXPECT_EQ(found.front().words,
            "does not: the printed rows give 4 (3.95 to 4.05 by their rounding); they would "
            "without c (1.5)");
}

const std::string kTest = R"({"kind": "t_test", "says": "b against a", "names": "task",
    "baseline": {"model": "a"}, "candidate": {"model": "b"}, "where": {"model": ["a", "b"]},
    "mean": "score", "deviation": "deviation", "draws": 5, "mark": "mark",
    "printed": {"better": {"column": "score", "where": {"task": "better"}},
                "worse": {"column": "score", "where": {"task": "worse"}},
                "equal": {"column": "score", "where": {"task": "equal"}}}})";
const std::string kScores =
    "task,model,score,deviation,mark\n"
    "u,a,10.0,0.5,\nu,b,11.0,0.5,better\n"  // t = 1 / sqrt(.5 / 5) = 3.1623
    "v,a,10.0,0.5,\nv,b,10.7,0.5,better\n"  // t = 2.2136, below 2.3060 (8 degrees, two-sided 5 %)
    "w,a,10.0,0.1,\nw,b,9.0,0.1,worse\n"    // t = -15.8
    "better,,2,,\nworse,,1,,\nequal,,0,,\n";

TEST(PublishedCheck, CountsFollowStudentsTest) {
  const MadeUpPaper paper;
  const auto found = paper.findings(kScores, kTest);
  ASSERT_EQ(found.size(), 4u);
  EXPECT_EQ(found[0].recomputed, 1);
  EXPECT_EQ(found[1].recomputed, 1);
  EXPECT_EQ(found[2].recomputed, 1);
  // v is better where its difference is read as 0.8 and its deviations as 0.45: t = 2.81.
  EXPECT_THAT(found[0].words, StartsWith("reproduces within rounding"));
  EXPECT_EQ(found[1].words, "reproduces");
  EXPECT_EQ(found[3].outcome, Reproduction::DoesNot);
  EXPECT_EQ(found[3].words,
            "does not: 2 of 3 marks are those of the test; not v (marked better, t 2.21)");
}

TEST(PublishedCheck, TestDetailsHoldPOfTwoSides) {
  const MadeUpPaper paper;
  paper.table(kScores, kTest);
  const PublishedFolder folder = read_published(paper.path());
  const Table table = run_checks(folder, folder.tables.front()).details.at(0);
  EXPECT_EQ(table.name, "t_t_test_1");
  // Simpson's rule over the density of t with 8 degrees: beyond 3.16228 either way 0.0133491,
  // beyond 2.21359 0.0577563.
  EXPECT_NEAR(std::stod(table.rows.at(0).at(4).value), 0.0133491, 5e-8);
  EXPECT_NEAR(std::stod(table.rows.at(1).at(4).value), 0.0577563, 5e-8);
}

TEST(PublishedCheck, AMissingDeviationLeavesTheCountOpen) {
  const MadeUpPaper paper;
  std::string csv = kScores;
  csv.replace(csv.find("w,b,9.0,0.1"), 11, "w,b,9.0,");
  const auto found = paper.findings(csv, kTest);
  EXPECT_EQ(found[1].outcome, Reproduction::CannotSay);
  EXPECT_EQ(found[1].words,
            "cannot be recomputed: the 2 of 3 tasks whose deviations are here give 0, 0 to 1 with "
            "what rounding and missing deviations leave open");
}

const std::string kCurves =
    "model,budget,loss,speedup,baseline\n"
    "a,100,3.000,,\na,400,2.000,,\n"
    "b,100,2.500,1.7,a\nb,400,1.600,3.0,a\n";
const std::string kEqualLoss = R"({"kind": "equal_loss", "says": "{model} at {budget}",
    "for_each": {"columns": ["model", "budget", "baseline"], "without": {"speedup": ""}},
    "model": "model", "baseline": "baseline", "budget": "budget", "loss": "loss",
    "printed": {"column": "speedup"}})";

TEST(PublishedCheck, SpeedupsAtEqualLossAreBoundedByThePrintedPoints) {
  const MadeUpPaper paper;
  const std::string units = R"(, "printed_to": {"budget": 0.001})";
  auto found = paper.findings(kCurves, kEqualLoss, units);
  ASSERT_EQ(found.size(), 2u);
  // At 100 b is below 3.0 already, when it got there is not printed.
  EXPECT_EQ(found[0].outcome, Reproduction::CannotSay);
  EXPECT_THAT(found[0].words, HasSubstr("at least 1"));
  // By hand: ln(2.5 / 2) / ln(2.5 / 1.6) = 0.5, so 100 x 4^0.5 = 200, and 400 / 200 = 2; 3.0 is
  // still inside 1 to 4.
  EXPECT_NEAR(found[1].recomputed, 2, 1e-9);
  EXPECT_EQ(found[1].outcome, Reproduction::CannotSay);
  EXPECT_THAT(found[1].words, HasSubstr("between 1 and 4"));
  std::string csv = kCurves;
  csv.replace(csv.find("3.0,a"), 3, "4.6");  // reached before 100, where it still has 2.5
  found = paper.findings(csv, kEqualLoss, units);
  EXPECT_EQ(found[1].outcome, Reproduction::DoesNot);
  EXPECT_NEAR(found[1].recomputed, 4, 1e-4);
  csv.replace(csv.find("4.6,a"), 3, "2.0");
  EXPECT_EQ(paper.findings(csv, kEqualLoss, units)[1].words, "reproduces");
}

TEST(PublishedCheck, ShiftOfTwoLinesIsTheSavingsAtTheBaselinesLoss) {
  // By hand: loss 4 x 100^-0.5 = 0.4; the candidate's line 2 c^-0.5 is there at c = 25.
  const MadeUpPaper paper;
  const auto found =
      paper.findings("model,a,k,hours,savings\nx,4.000,0.5000,,\ny,2.000,0.5000,100,4.0\n",
                     R"({"kind": "line_shift", "says": "s",
      "lines": "t", "coefficient": "a", "exponent": "k", "baseline": {"model": "x"},
      "candidate": {"model": "y"}, "at": {"column": "hours", "where": {"model": "y"}},
      "printed": {"column": "savings", "where": {"model": "y"}}})");
  EXPECT_NEAR(found.front().recomputed, 4, 1e-12);
  EXPECT_EQ(found.front().words, "reproduces");
}

TEST(PublishedCheck, BreakEvenIsSavedOverInvested) {
  // By hand: 30 x (1 - 10 / 40) = 22.5; over 4.5: 5; 0.2 trainings pay.
  const MadeUpPaper paper;
  const auto cell = [](const std::string& what) {
    return R"({"column": "value", "where": {"what": ")" + what + "\"}}";
  };
  const auto found = paper.findings(
      "what,value\ncost,30.0\nspent,10.0\nwhole,40.0\ninvested,4.5\nsaved,22.5\nreturn,6.1\n",
      R"({"kind": "break_even", "says": "s", "cost": )" + cell("cost") + R"(, "spent": )" +
          cell("spent") + R"(, "whole": )" + cell("whole") + R"(, "invested": )" +
          cell("invested") + R"(, "printed": {"saved": )" + cell("saved") + R"(, "return": )" +
          cell("return") + "}}");
  ASSERT_EQ(found.size(), 2u);
  EXPECT_DOUBLE_EQ(found[0].recomputed, 22.5);
  EXPECT_DOUBLE_EQ(found[1].recomputed, 5);
  EXPECT_EQ(found[1].outcome, Reproduction::DoesNot);
  EXPECT_THAT(found[1].words, HasSubstr("0.2 such trainings"));
}

TEST(PublishedCheck, AgreementComparesRowByRow) {
  const MadeUpPaper paper;
  const std::string check =
      R"({"kind": "agreement", "says": "s", "names": "task", "column": "score",
      "where": {"by": "us"}, "with": {"column": "score", "where": {"by": "them"}}})";
  const auto words = [&](const std::string& csv) { return paper.findings(csv, check)[0].words; };
  const std::string ours = "task,by,score\nu,us,5.4\nv,us,9.2\n";
  EXPECT_EQ(words(ours + "u,them,5.43\nv,them,9.15\n"), "reproduces");
  EXPECT_EQ(words(ours + "u,them,5.50\nv,them,9.15\n"), "does not: differ u (5.4 against 5.50)");
  EXPECT_EQ(words(ours + "u,them,5.43\n"), "cannot be recomputed: not printed there: v");
}

std::string message_of(const std::string& csv, const std::string& checks,
                       const std::string& more = "") {
  const MadeUpPaper paper;
  try {
    paper.findings(csv, checks, more);
  } catch (const InputError& error) {
    return error.what();
  }
  return "no error";
}

TEST(PublishedCheck, BadManifestsNamePlaceAndKey) {
  const std::string one = "model,value\na,1\nb,2\n";
  const std::string count = R"({"kind": "count", "says": "s", "printed": )";
  const std::string good = R"({"column": "value", "where": {"model": "a"}})";
  EXPECT_EQ(message_of(one, count + good + "}"), "no error");
  EXPECT_THAT(message_of(one, R"({"kind": "ratoi", "says": "s"})"),
              HasSubstr("table t, checks 1: no kind of check 'ratoi'"));
  EXPECT_THAT(message_of(one, R"({"kind": "ratoi", "says": "s"})"), HasSubstr("'ratio'"));
  EXPECT_THAT(message_of(one, R"({"kind": "count", "says": "s"})"), HasSubstr("no key 'printed'"));
  EXPECT_THAT(message_of(one, count + good + R"(, "wher": {}})"), HasSubstr("unknown key 'wher'"));
  EXPECT_THAT(message_of(one, count + R"({"column": "valeu", "where": {"model": "a"}}})"),
              HasSubstr("no column 'valeu' in t.csv"));
  EXPECT_THAT(message_of(one, count + R"({"column": "value"}})"), HasSubstr("2 rows of t.csv"));
  EXPECT_THAT(message_of(one, count + R"({"column": "value", "where": {"model": "c"}}})"),
              HasSubstr("no rows of t.csv match (model c"));
  EXPECT_THAT(message_of(one, count + R"({"column": "value", "table": "u"}})"),
              HasSubstr("no table 'u'"));
  EXPECT_THAT(message_of(one, R"({"kind": "count", "says": "{data}", "printed": )" + good + "}"),
              HasSubstr("'{data}'"));
  EXPECT_THAT(message_of("model,value\na,1.5x\n", count + good + "}"),
              HasSubstr("t.csv:2: value is '1.5x'"));
  EXPECT_THAT(message_of(one, count + good + "}", R"(, "printed_to": {"value": 0})"),
              HasSubstr("not above 0"));
  EXPECT_THAT(message_of(one, R"({"kind": "count", "says": "s", "for_each": {"columns": "model",
      "where": {"model": "z"}}, "printed": )" +
                                  good + "}"),
              HasSubstr("for_each finds no row"));
}

TEST(PublishedFolder, WhatIsNotJsonIsRefusedWithItsLine) {
  const MadeUpPaper paper;
  paper.write("published.json", "{\n  \"title\": \"A\",\n  \"tables\": [,]\n}\n");
  try {
    read_published(paper.path());
    FAIL();
  } catch (const InputError& error) {
    EXPECT_THAT(error.what(), HasSubstr("published.json:3:14: not JSON"));
  }
}

TEST(PublishedFolder, OnlyAManifestMakesOne) {
  const MadeUpPaper paper;
  EXPECT_FALSE(is_published(paper.path()));
  paper.table("a\n1\n", "");
  EXPECT_TRUE(is_published(paper.path()));
}

}  // namespace
}  // namespace isoloss
