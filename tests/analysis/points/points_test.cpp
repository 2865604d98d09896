#include "analysis/points/points.h"

#include <gtest/gtest.h>

#include <cmath>
#include <filesystem>
#include <fstream>
#include <numbers>
#include <sstream>

#include "model/spec/error.h"
#include "results/csv.h"
#include "results/run_file.h"
#include "results/study_folder.h"
#include "tests/temporary_folder.h"

namespace isoloss {
namespace {

class Points : public testing::Test {
 protected:
  std::filesystem::path file(const std::string& text) const {
    const auto path = folder_ / "points.csv";
    std::ofstream(path) << text;
    return path;
  }
  std::string message_of(const std::string& text) const {
    try {
      read_points_csv(file(text));
    } catch (const InputError& error) {
      return error.what();
    }
    return {};
  }

  const test::TemporaryFolder own_;
  const std::filesystem::path folder_ = own_.path();
};

TEST_F(Points, ReadsColumnsInAnyOrderWithCommentsAndQuotes) {
  const PointTable table = read_points_csv(
      file("# a note\nloss,flops,tokens,parameters,architecture,remark\n"
           "2.5,1e12,,1000,\"a, \"\"b\"\"\",kept\n\n# another\n2.25,2e12,5,,c,\r\n"));
  ASSERT_EQ(table.points.size(), 2u);
  EXPECT_EQ(table.points[0].architecture, "a, \"b\"");
  EXPECT_EQ(table.points[0].parameters, 1000);
  EXPECT_TRUE(std::isnan(table.points[0].tokens));
  EXPECT_TRUE(std::isnan(table.points[1].parameters));
  EXPECT_EQ(table.points[1].loss, 2.25);
  EXPECT_FALSE(table.points[0].has_seed);
  EXPECT_EQ(table.other_columns, std::vector<std::string>{"remark"});
  EXPECT_EQ(table.points[0].other, std::vector<std::string>{"kept"});
}

TEST_F(Points, ACsvThatSaysNothingOfItsConventionHasNone) {
  EXPECT_EQ(read_points_csv(file("architecture,parameters,tokens,flops,loss\na,1,1,1,1\n"))
                .flops_convention,
            "");
}

TEST_F(Points, WhatIsWrittenReadsBackToTheSameBits) {
  PointTable table;
  table.flops_convention = "6N";
  table.tokenizer_hash = "00ff";
  table.held_out_hash = "abc";
  table.floor = 1.7583;
  table.other_columns = {"note"};
  Point p;
  p.architecture = "transformer++";
  p.size = "xs";
  p.seed = -3;
  p.has_seed = true;
  p.budget = 2e11;
  p.learning_rate = 0.05;
  p.parameters = 12345;
  p.parameters_embedding = std::nan("");
  p.tokens = 1e6 / 3;
  p.flops = 1e11 / 7;
  p.loss = 0.1 + 0.2;
  p.bits_per_byte = std::nextafter(1.0, 2.0);
  p.wall_seconds = 1e-3;
  p.run = "0123456789abcdef";
  p.role = "result";
  p.other = {"with, comma"};
  table.points = {p};
  std::ostringstream out;
  write_points_csv(out, table);
  const PointTable again = read_points_csv(file(out.str()));
  EXPECT_EQ(again.flops_convention, "6N");
  EXPECT_EQ(again.tokenizer_hash, "00ff");
  EXPECT_EQ(again.held_out_hash, "abc");
  EXPECT_EQ(again.floor, 1.7583);
  ASSERT_EQ(again.points.size(), 1u);
  const Point& q = again.points[0];
  EXPECT_EQ(q.architecture, p.architecture);
  EXPECT_EQ(q.size, p.size);
  EXPECT_EQ(q.seed, -3);
  EXPECT_EQ(q.tokens, p.tokens);
  EXPECT_EQ(q.flops, p.flops);
  EXPECT_EQ(q.loss, p.loss);
  EXPECT_EQ(q.bits_per_byte, p.bits_per_byte);
  EXPECT_EQ(q.learning_rate, p.learning_rate);
  EXPECT_EQ(q.run, p.run);
  EXPECT_EQ(q.role, p.role);
  EXPECT_EQ(q.other, p.other);
  EXPECT_TRUE(std::isnan(q.parameters_embedding));
}

TEST_F(Points, AMissingColumnIsNamed) {
  const std::string message = message_of("architecture,parameters,tokens,loss\na,1,1,1\n");
  EXPECT_NE(message.find("points.csv:1: no column 'flops'"), std::string::npos) << message;
}

TEST_F(Points, WhatIsNoNumberIsNamedWithItsLine) {
  const std::string message =
      message_of("# note\narchitecture,parameters,tokens,flops,loss\na,1,1,1,1\na,1,1,1e,1\n");
  EXPECT_NE(message.find("points.csv:4: flops is '1e'"), std::string::npos) << message;
}

TEST_F(Points, LossAndFlopsMustBeAboveZero) {
  EXPECT_NE(message_of("architecture,parameters,tokens,flops,loss\na,1,1,0,1\n").find(":2: flops"),
            std::string::npos);
  EXPECT_NE(message_of("architecture,parameters,tokens,flops,loss\na,1,1,1,-1\n").find(":2: loss"),
            std::string::npos);
  EXPECT_NE(message_of("architecture,parameters,tokens,flops,loss\na,1,1,1,\n").find(":2: loss"),
            std::string::npos);
  EXPECT_NE(
      message_of("architecture,parameters,tokens,flops,loss\na,1,1,inf,1\n").find(":2: flops"),
      std::string::npos);
}

TEST_F(Points, ARaggedRowIsNamedWithItsLine) {
  const std::string message = message_of("architecture,parameters,tokens,flops,loss\na,1,1,1\n");
  EXPECT_NE(message.find("points.csv:2: 4 fields where the header has 5"), std::string::npos);
}

TEST_F(Points, AColumnTwiceAQuoteOpenAndAnEmptyFileAreRefused) {
  EXPECT_NE(message_of("architecture,parameters,tokens,flops,loss,loss\n").find("'loss' twice"),
            std::string::npos);
  EXPECT_NE(message_of("architecture,parameters,tokens,flops,loss\n\"a,1,1,1,1\n").find("no end"),
            std::string::npos);
  EXPECT_NE(message_of("").find("no header row"), std::string::npos);
  EXPECT_NE(message_of("architecture,parameters,tokens,flops,loss\n").find("no points"),
            std::string::npos);
}

TEST_F(Points, AFileThatIsNotThereIsAnInputError) {
  EXPECT_THROW(read_points(folder_ / "absent.csv"), InputError);
}

RunRecord record(const std::string& id, const std::string& architecture, double learning_rate) {
  RunRecord run;
  run.header.id = id;
  run.header.study = "s";
  run.header.spec_json = "{}";
  run.header.architecture = architecture;
  run.header.size = "xs";
  run.header.seed = 1;
  run.header.learning_rate = learning_rate;
  run.header.parameters_total = 1000;
  run.header.parameters_embedding = 256;
  run.header.flops_per_token = {{"exact", 7000}, {"6N", 6000}};
  run.header.tokenizer_hash = "t";
  run.header.held_out_hash = "h";
  run.header.bytes_per_token = 2;
  for (const double budget : {1e9, 2e9}) {
    Evaluation e;
    e.step = static_cast<std::int64_t>(budget / 1e8);
    e.tokens = budget / 5000;
    e.flops = budget * 1.01;
    e.seconds = 3;
    e.budget = budget;
    e.budget_unit = "flops";
    e.loss = 2;
    e.sequence_losses = {1.5f, 2.5f};
    run.evaluations.push_back(e);
  }
  run.state = RunState::Finished;
  return run;
}

class StudyPoints : public Points {
 protected:
  void write(const RunRecord& run) const {
    const StudyFolder study{folder_};
    std::filesystem::create_directories(study.run(run.header.id));
    write_run_file(study.run_file(run.header.id), run);
  }
  void decide(const Decision& decision) const {
    std::filesystem::create_directories(StudyFolder{folder_}.decisions());
    publish_decision(StudyFolder{folder_}, decision);
  }
};

TEST_F(StudyPoints, EveryEvaluationIsAPoint) {
  write(record("a0", "transformer", 0.05));
  const PointTable table = read_points(folder_);
  ASSERT_EQ(table.points.size(), 2u);
  const Point& p = table.points[1];
  EXPECT_EQ(p.architecture, "transformer");
  EXPECT_EQ(p.flops, 2e9 * 1.01);
  EXPECT_EQ(p.budget, 2e9);
  EXPECT_EQ(p.role, "result");
  EXPECT_EQ(p.run, "a0");
  EXPECT_EQ(p.sequence_losses.size(), 2u);
  // Two nats per token of two bytes: 1/ln 2 bits per byte.
  EXPECT_DOUBLE_EQ(p.bits_per_byte, 1 / std::numbers::ln2);
}

TEST_F(StudyPoints, AnotherConventionCountsTokensByIt) {
  write(record("a0", "transformer", 0.05));
  EXPECT_DOUBLE_EQ(read_points(folder_, "6N").points[0].flops, 6000 * (1e9 / 5000));
  EXPECT_THROW(read_points(folder_, "6M"), InputError);
}

TEST_F(StudyPoints, RunsThatLostASearchAreArmsAndTheRunnerUpACheck) {
  write(record("a0", "transformer", 0.03));
  write(record("a1", "transformer", 0.05));
  write(record("a2", "transformer", 0.09));
  Decision decision;
  decision.key = "transformer";
  decision.architecture = "transformer";
  decision.size = "xs";
  decision.every_size = true;
  decision.budget = 1e9;
  decision.arms = {{"a0", 0.03, 2.1, false}, {"a1", 0.05, 2.0, false}, {"a2", 0.09, 2.2, false}};
  decision.winner = "a1";
  decision.learning_rate = 0.05;
  decision.runner_up = "a0";
  decide(decision);
  const PointTable results = read_points(folder_);
  ASSERT_EQ(results.points.size(), 2u);
  EXPECT_EQ(results.points[0].run, "a1");
  const PointTable all = read_points(folder_, "exact", true);
  ASSERT_EQ(all.points.size(), 6u);
  for (const Point& p : all.points) {
    EXPECT_EQ(p.role, p.run == "a0" ? "check" : p.run == "a1" ? "result" : "arm");
  }
}

TEST_F(StudyPoints, ADecisionOfOneBudgetConcernsThatBudgetAlone) {
  write(record("a0", "transformer", 0.03));
  write(record("a1", "transformer", 0.05));
  for (const double budget : {1e9, 2e9}) {
    Decision decision;
    decision.key = budget < 1.5e9 ? "low" : "high";
    decision.architecture = "transformer";
    decision.size = "xs";
    decision.budget = budget;
    decision.this_budget_only = true;
    decision.arms = {{"a0", 0.03, 2.1, false}, {"a1", 0.05, 2.0, false}};
    decision.winner = budget < 1.5e9 ? "a0" : "a1";
    decide(decision);
  }
  const PointTable table = read_points(folder_);
  ASSERT_EQ(table.points.size(), 2u);
  EXPECT_EQ(table.points[0].run, "a0");
  EXPECT_EQ(table.points[0].budget, 1e9);
  EXPECT_EQ(table.points[1].run, "a1");
  EXPECT_EQ(table.points[1].budget, 2e9);
}

TEST_F(StudyPoints, RunsOfOtherTokenizersOrHeldOutTextsAreRefused) {
  write(record("a0", "transformer", 0.03));
  RunRecord other = record("a1", "primer", 0.03);
  other.header.held_out_hash = "other";
  write(other);
  EXPECT_THROW(read_points(folder_), InputError);
  other.header.held_out_hash = "h";
  other.header.tokenizer_hash = "other";
  write(other);
  EXPECT_THROW(read_points(folder_), InputError);
}

TEST_F(StudyPoints, AFolderWithoutRunsIsRefused) { EXPECT_THROW(read_points(folder_), InputError); }

}  // namespace
}  // namespace isoloss
