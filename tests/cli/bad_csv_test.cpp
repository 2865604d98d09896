// A CSV of points that says something else than it should: refused with exit status 2 and a line
// that names file, line and column, or read for what it is. Never another number.
#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <sys/resource.h>

#include <algorithm>
#include <cmath>
#include <cstdio>
#include <filesystem>
#include <nlohmann/json.hpp>

#include "tests/cli/program.h"

namespace isoloss::test {
namespace {

using nlohmann::json;
using testing::HasSubstr;

const std::string kHeader = "architecture,parameters,tokens,flops,loss\n";

// L = 1 + 8 C^-.1 for eight budgets; `b` spends half.
std::string rows(const std::string& end = "\n") {
  std::string text;
  for (int i = 0; i < 8; ++i) {
    const double flops = 1e15 * std::pow(10.0, 0.25 * i);
    const double loss = 1 + 80 * std::pow(flops, -0.1);
    text += "a,,," + std::to_string(flops) + "," + std::to_string(loss) + end;
    text += "b,,," + std::to_string(flops / 2) + "," + std::to_string(loss) + end;
  }
  return text;
}

class BadCsv : public testing::Test {
 protected:
  Outcome fit(const std::string& csv, const std::string& options = "--law power") {
    spill(scratch_ / "points.csv", csv);
    return isoloss("fit points.csv --bootstrap 0 " + options, scratch_.path());
  }
  Outcome savings(const std::string& csv, const std::string& options = "") {
    spill(scratch_ / "points.csv", csv);
    return isoloss("savings points.csv --baseline a --candidate b --json --floor 1 " + options,
                   scratch_.path());
  }
  static void expect_refused(const Outcome& outcome, const std::vector<std::string>& parts,
                             int status = 2) {
    EXPECT_EQ(outcome.status, status) << outcome.err;
    EXPECT_EQ(std::count(outcome.err.begin(), outcome.err.end(), '\n'), 1) << outcome.err;
    EXPECT_EQ(outcome.out, "");
    for (const std::string& part : parts) EXPECT_THAT(outcome.err, HasSubstr(part));
  }
  // The same two-fold savings as from the plain file.
  static void expect_two(const Outcome& outcome) {
    ASSERT_EQ(outcome.status, 0) << outcome.err;
    const json savings = json::parse(outcome.out);
    EXPECT_NEAR(savings.at("parallel").at("savings").get<double>(), 2.0, 1e-4);
  }
  TemporaryFolder scratch_;
};

TEST_F(BadCsv, AMisnamedColumnNamesTheNearest) {
  expect_refused(fit("architecture,parameters,tokens,flop,loss\na,1,1,1,1\n"),
                 {"points.csv:1", "'flops'", "'flop'"});
  expect_refused(fit("architecture,parameters,tokens,flops,losses_total\na,1,1,1,1\n"),
                 {"points.csv:1", "'loss'"});
  expect_refused(fit("Architecture,parameters,tokens,flops,loss\na,1,1,1,1\n"),
                 {"points.csv:1", "'architecture'", "'Architecture'"});
}

TEST_F(BadCsv, AMisspeltOptionalColumnIsNotPassedOver) {
  expect_refused(fit("architecture,parameters,tokens,flops,loss,Seeds\na,1,1,1,1,0\n"),
                 {"points.csv:1", "'seed'", "'Seeds'"});
}

TEST_F(BadCsv, AnotherSeparatorIsNamed) {
  expect_refused(fit("architecture;parameters;tokens;flops;loss\na;1;1;1;1\n"),
                 {"points.csv:1", "';'"});
}

TEST_F(BadCsv, TextInANumber) {
  expect_refused(fit(kHeader + "a,1,1,1,2\na,1,1,1e12x,2\n"),
                 {"points.csv:3", "flops", "1e12x", "column 4"});
  expect_refused(fit(kHeader + "a,1,1,1,2,5\n"), {"points.csv:2", "6 fields"});  // 2,5 for 2.5
  expect_refused(fit(kHeader + "a,1,1,1,\"2,5\"\n"), {"points.csv:2", "loss", "2,5"});
}

TEST_F(BadCsv, NotFiniteZeroAndNegative) {
  for (const char* bad : {"nan", "NaN", "inf", "0", "-2", "", "1e999"}) {
    SCOPED_TRACE(bad);
    expect_refused(fit(kHeader + "a,1,1,1," + bad + "\n"), {"points.csv:2", "loss"});
    expect_refused(fit(kHeader + "a,1,1," + bad + ",2\n"), {"points.csv:2", "flops"});
  }
  expect_refused(fit(kHeader + "a,nan,1,1,2\n"), {"points.csv:2", "parameters"});
  expect_refused(fit(kHeader + "a,1,-1,1,2\n"), {"points.csv:2", "tokens"});
}

TEST_F(BadCsv, EmbeddingsThatAreNoPartOfTheParameters) {
  expect_refused(fit("architecture,parameters,tokens,flops,loss,parameters_embedding\n"
                     "a,100,1,1,2,100\n"),
                 {"points.csv:2", "parameters_embedding"});
}

TEST_F(BadCsv, ARoleThatIsNone) {
  expect_refused(fit("architecture,parameters,tokens,flops,loss,role\na,1,1,1,2,winner\n"),
                 {"points.csv:2", "role", "winner"});
}

TEST_F(BadCsv, OneArchitectureWhereTwoAreAsked) {
  std::string one = kHeader;
  for (int i = 1; i < 6; ++i)
    one += "a,,," + std::to_string(i) + "e15," + std::to_string(5.0 / i + 1) + "\n";
  expect_refused(savings(one), {"points.csv", "'b'", "known: a"});
}

TEST_F(BadCsv, FewerPointsThanParameters) {
  const Outcome outcome =
      fit(kHeader + "a,1e6,1e8,6e14,3.5\na,2e6,1e8,1.2e15,3.3\n", "--law chinchilla");
  expect_refused(outcome, {"points.csv", "5 free parameters", "2 points"});
}

TEST_F(BadCsv, WindowsLineEndsQuotesAndAByteOrderMarkChangeNothing) {
  expect_two(savings(kHeader + rows()));
  expect_two(savings("architecture,parameters,tokens,flops,loss\r\n" + rows("\r\n")));
  expect_two(savings("\xEF\xBB\xBF" + kHeader + rows()));
  expect_two(savings("\xEF\xBB\xBF# a comment\n" + kHeader + rows()));
  std::string quoted =
      "\xEF\xBB\xBF\"architecture\",\"parameters\",\"tokens\",\"flops\",\"loss\",note\r\n";
  std::string text = rows(",\"first, \"\"and\"\"\r\nsecond line\"\r\n");
  expect_two(savings(quoted + text));
}

TEST_F(BadCsv, AfterAFieldOfTwoLinesTheLineIsStillRight) {
  expect_refused(fit("architecture,parameters,tokens,flops,loss,note\n"
                     "a,1,1,1,2,\"two\nlines\"\na,1,1,bad,2,\n"),
                 {"points.csv:4", "flops"});
}

TEST_F(BadCsv, AQuoteThatNeverClosesAndTextAfterOne) {
  expect_refused(fit(kHeader + "\"a,1,1,1,2\nb,1,1,1,2\n"), {"points.csv:2", "quote"});
  expect_refused(fit(kHeader + "\"a\"b,1,1,1,2\n"), {"points.csv:2", "column 1"});
}

TEST_F(BadCsv, WhatIsNoText) {
  std::string wide;
  for (const char c : kHeader) wide += std::string{c, '\0'};
  expect_refused(fit(wide), {"points.csv:1", "UTF-16"});
  expect_refused(fit("architecture,parameters,tokens,flops,loss\ra,1,1,1,1\r"),
                 {"points.csv:1", "carriage return"});
}

TEST_F(BadCsv, TwoConventionsInOneFile) {
  expect_refused(fit("# flops convention: exact\n" + kHeader + "a,1,1,1,2\n" +
                     "# flops convention: 6N\na,1,1,1,2\n"),
                 {"points.csv", "exact", "6N"});
}

// Both rows of a place by line, the column by number, whatever analysis reads the file.
TEST_F(BadCsv, RowsOfTwoConventionsAreNotAnalysedTogether) {
  for (const std::string column : {"flops_convention", "tokenizer_hash", "held_out_hash"}) {
    SCOPED_TRACE(column);
    // `b` of another kind than `a`: each alone is fine, and the two do not compare.
    std::string text = "# a comment\narchitecture,parameters,tokens,flops,loss," + column + "\n";
    const std::string plain = rows();
    for (std::size_t begin = 0; begin < plain.size();) {
      const std::size_t end = plain.find('\n', begin);
      text += plain.substr(begin, end - begin) + (plain[begin] == 'a' ? ",one\n" : ",two\n");
      begin = end + 1;
    }
    const std::vector<std::string> parts = {"points.csv:4: " + column + " is 'two'", "column 6",
                                            "line 3 has 'one'"};
    expect_refused(savings(text), parts);
    expect_refused(fit(text), parts);
    expect_refused(isoloss("report points.csv --baseline a", scratch_.path()), parts);
    EXPECT_FALSE(std::filesystem::exists(scratch_ / "points-report"));
    EXPECT_EQ(fit(text, "--law power --architecture b").status, 0);
    // Along a frontier of one architecture that holds both.
    std::string mixed = text;
    mixed.replace(mixed.find(",two"), 4, ",one");
    expect_refused(fit(mixed, "--law power --architecture b --frontier envelope"),
                   {"points.csv:6: " + column + " is 'two'", "line 4 has 'one'"});
  }
}

TEST_F(BadCsv, WeightsAndEvaluationSetsThatAnAnalysisWouldPassOver) {
  for (const std::string column : {"weight", "evaluation"}) {
    SCOPED_TRACE(column);
    std::string text = "architecture,parameters,tokens,flops,loss," + column + "\n";
    for (const char name : {'a', 'b'}) {
      for (int i = 1; i < 6; ++i) {
        for (int size = 1; size < 4; ++size) {
          const double loss = 3 - 0.2 * i + 0.1 * (size - 2) * (size - 2);
          text += std::string{name} + "," + std::to_string(size) + "e6,1e9," + std::to_string(i) +
                  "e15," + std::to_string(loss) + ",1\n";
        }
      }
    }
    text.replace(text.size() - 2, 1, "2");  // the last row, of `b`
    const std::vector<std::string> parts = {"points.csv:31: " + column + " is '2'", "column 6",
                                            "has '1'"};
    expect_refused(savings(text), parts);
    expect_refused(fit(text, "--architecture b --frontier surface"), parts);
    expect_refused(fit(text, "--architecture b --law isoflop"), parts);
    EXPECT_EQ(fit(text, "--architecture a --law isoflop").status, 0);
    EXPECT_EQ(fit(text, "--architecture b --frontier points --floor zero").status, 0);
  }
}

// Losses over bits per byte of ln 2 x 4 and ln 2 x 3 bytes a token.
TEST_F(BadCsv, TwoTokenizersAreNotCompared) {
  std::string text = "architecture,parameters,tokens,flops,loss,bits_per_byte\n";
  for (int i = 1; i < 6; ++i) {
    for (const char name : {'a', 'b'}) {
      const double loss = 3 - 0.2 * i, bytes = name == 'a' ? 4 : 3;
      text += std::string{name} + ",,," + std::to_string(i) + "e15," + std::to_string(loss) + "," +
              std::to_string(loss / std::log(2.0) / bytes) + "\n";
    }
  }
  expect_refused(savings(text), {"points.csv", "bits per byte"});
}

// Hoffmann et al. 2022's law (eq. 10) at a thousand sizes by a thousand token counts, a million
// rows.
TEST_F(BadCsv, AMillionRowsAreFitted) {
  std::string text = "architecture,parameters,tokens,flops,loss\n";
  text.reserve(60 << 20);
  char row[128];
  for (int i = 0; i < 1000; ++i)
    for (int j = 0; j < 1000; ++j) {
      const double n = 1e6 * std::pow(1e4, i / 999.0), d = 1e8 * std::pow(1e4, j / 999.0);
      const double loss = 1.69 + 406.4 / std::pow(n, 0.34) + 410.7 / std::pow(d, 0.28);
      std::snprintf(row, sizeof row, "a,%.9g,%.9g,%.9g,%.9g\n", n, d, 6 * n * d, loss);
      text += row;
    }
  spill(scratch_ / "points.csv", text);
  const Outcome outcome = isoloss("fit points.csv --law chinchilla --json", scratch_.path());
  ASSERT_EQ(outcome.status, 0) << outcome.err;
  const json parameters = json::parse(outcome.out).at("parameters");
  EXPECT_NEAR(parameters.at("E").get<double>(), 1.69, 1e-4);
  EXPECT_NEAR(parameters.at("alpha").get<double>(), 0.34, 1e-4);
  EXPECT_NEAR(parameters.at("beta").get<double>(), 0.28, 1e-4);
}

// A thousand budgets of five hundred sizes of two architectures, the second's tokens worth half as
// much again: savings are 1.5 at every loss (tests/analysis/simulated_study.h, `saving`). The
// report holds them too, and says that it draws a part of the points.
TEST_F(BadCsv, AMillionRowsAreComparedAndReported) {
#ifdef __SANITIZE_ADDRESS__
  GTEST_SKIP() << "minutes under sanitizers, which see the same code in the tests of reports";
#endif
  std::string text = "architecture,parameters,tokens,flops,loss,budget\n";
  text.reserve(80 << 20);
  char row[160];
  for (const char name : {'a', 'b'}) {
    for (int i = 0; i < 1000; ++i) {
      const double c = 1e17 * std::pow(1e4, i / 999.0);
      for (int j = 0; j < 500; ++j) {
        const double n = 0.1 * std::sqrt(c) * std::exp(3 * (j / 499.0 - 0.5)), d = c / 6 / n;
        const double worth = name == 'a' ? 1 : 1.5;
        const double loss = 1.69 + 406.4 * std::pow(n, -0.34) + 410.7 * std::pow(worth * d, -0.28);
        std::snprintf(row, sizeof row, "%c,%.9g,%.9g,%.9g,%.9g,%.9g\n", name, n, d, c, loss, c);
        text += row;
      }
    }
  }
  spill(scratch_ / "points.csv", text);
  const Outcome compared =
      isoloss("savings points.csv --baseline a --candidate b --json", scratch_.path());
  ASSERT_EQ(compared.status, 0) << compared.err;
  const json savings = json::parse(compared.out);
  EXPECT_EQ(savings.at("frontier"), "surface");
  for (const json& at : savings.at("at")) EXPECT_NEAR(at.at("savings").get<double>(), 1.5, 0.05);
  const Outcome reported = isoloss("report points.csv --baseline a", scratch_.path());
  ASSERT_EQ(reported.status, 0) << reported.err;
  const std::string page = slurp(scratch_ / "points-report" / "report.html");
  EXPECT_NE(page.find("Of more than 20000 trials of an architecture no profile"),
            std::string::npos);
  EXPECT_NE(page.find("Of 1000000 trials plots and their CSVs hold an even selection"),
            std::string::npos);
}

// A hole of a sparse file, 2 GiB without a line end: refused after a mebibyte, with half of that
// memory to spare at most.
TEST_F(BadCsv, ALineOfTwoGibibytesIsRefusedInLittleMemory) {
  spill(scratch_ / "points.csv", kHeader + std::string(100, 'x'));
  std::filesystem::resize_file(scratch_ / "points.csv", std::uintmax_t{1} << 31);
  rlimit before{};
  ASSERT_EQ(getrlimit(RLIMIT_DATA, &before), 0);
#ifndef __SANITIZE_ADDRESS__  // its shadow counts too
  rlimit little = before;
  little.rlim_cur = std::min(before.rlim_max, rlim_t{1} << 30);
  ASSERT_EQ(setrlimit(RLIMIT_DATA, &little), 0);
#endif
  const Outcome outcome = isoloss("fit points.csv", scratch_.path());
  setrlimit(RLIMIT_DATA, &before);
  expect_refused(outcome, {"points.csv:2", "1048576"});
}

}  // namespace
}  // namespace isoloss::test
