// `isoloss eval DIR --text FILE` from outside.
#include <gtest/gtest.h>

#include <algorithm>
#include <filesystem>
#include <map>
#include <nlohmann/json.hpp>
#include <sstream>
#include <string>
#include <vector>

#include "tests/cli/program.h"

namespace isoloss::test {
namespace {

namespace fs = std::filesystem;
using nlohmann::json;

// A study of one document, whose last tenth is what it reports its losses on: 93 rows of 64 bytes.
class EvalText : public testing::Test {
 protected:
  static constexpr std::size_t kReported = 93 * 64;

  EvalText() {
    std::string text;
    for (int i = 0; text.size() < 10 * kReported; ++i)
      text += "The thing " + std::to_string(i % 7) + (i % 2 == 0 ? " is here.\n" : " is gone.\n");
    text.resize(10 * kReported);
    spill(scratch_ / "text.txt", text);
    spill(scratch_ / "reported.txt", text.substr(9 * kReported));
    spill(scratch_ / "study.yaml",
          "study: tiny\n"
          "data: {text: text.txt, tokenizer: bytes, validation: 0.2}\n"
          "model: {layers: 1, d_head: 8, sequence: 64}\n"
          "optimizer: {warmup_tokens: 2560, batch_tokens: 256}\n"
          "grid:\n"
          "  architecture: [transformer, primer]\n"
          "  size: [{name: s, d_model: 8}]\n"
          "  budget: {tokens: [2560, 5120]}\n"
          "  learning_rate: {search: [0.05, 0.03], decide_at: {tokens: 2560, size: s}}\n"
          "  seed: [0]\n"
          "evaluate: {tokens: 5952, tasks: []}\n");
  }
  Outcome run(const std::string& arguments) const { return isoloss(arguments, scratch_.path()); }
  void train() const {
    const Outcome trained = run("run study.yaml --out study");
    ASSERT_EQ(trained.status, 0) << trained.err;
  }

  TemporaryFolder scratch_;
};

using Row = std::map<std::string, std::string>;

// Of a CSV without quotes.
std::vector<Row> rows_of(const std::string& csv) {
  std::vector<Row> rows;
  std::vector<std::string> columns;
  std::istringstream lines(csv);
  for (std::string line; std::getline(lines, line);) {
    if (line.starts_with("#")) continue;
    std::vector<std::string> fields;
    std::istringstream rest(line);
    for (std::string field; std::getline(rest, field, ',');) fields.push_back(field);
    if (columns.empty()) {
      columns = fields;
      continue;
    }
    fields.resize(columns.size());
    rows.emplace_back();
    for (std::size_t i = 0; i < columns.size(); ++i) rows.back()[columns[i]] = fields[i];
  }
  return rows;
}

// Training stored the losses of the same rows, which other code reads: of each architecture that of
// the arm that won its search, at its last budget. Everything else of a point stands as it was.
TEST_F(EvalText, OfTheStudysOwnReportedTextAreTheStudysLosses) {
  ASSERT_NO_FATAL_FAILURE(train());
  const std::vector<Row> stored = rows_of(run("points study").out);
  const Outcome outcome = run("eval study --text reported.txt --csv");
  ASSERT_EQ(outcome.status, 0) << outcome.err;
  const std::vector<Row> scored = rows_of(outcome.out);
  ASSERT_EQ(stored.size(), 4U);
  ASSERT_EQ(scored.size(), 2U);
  EXPECT_NE(scored[0].at("architecture"), scored[1].at("architecture"));
  for (const Row& row : scored) {
    EXPECT_EQ(row.at("budget"), "5120");
    EXPECT_EQ(row.at("evaluation"), "reported.txt");
    const auto same = std::ranges::find_if(stored, [&](const Row& other) {
      return other.at("run") == row.at("run") && other.at("budget") == row.at("budget");
    });
    ASSERT_NE(same, stored.end());
    for (const auto& [column, value] : *same) {
      if (column == "loss" || column == "bits_per_byte") {
        EXPECT_NEAR(std::stod(row.at(column)), std::stod(value), 1e-6) << column;
      } else {
        EXPECT_EQ(row.at(column), value) << column;
      }
    }
  }
}

// As an exported folder of the same run has it.
TEST_F(EvalText, OfARunAreThoseOfItsExport) {
  ASSERT_NO_FATAL_FAILURE(train());
  spill(scratch_ / "other.txt", "Nothing of this kind was ever read in training: 12345, (or so).");
  const Outcome outcome = run("eval study --text other.txt --json");
  ASSERT_EQ(outcome.status, 0) << outcome.err;
  const json losses = json::parse(outcome.out).at("losses");
  ASSERT_EQ(losses.size(), 2U);
  for (const json& loss : losses) {
    const std::string trial = loss.at("trial");
    const std::string id = trial.substr(0, trial.find('-'));
    ASSERT_EQ(run("export study/" + id + " --to hf --out " + id).status, 0);
    const json exported =
        json::parse(run("eval --model hf:" + id + " --text other.txt --json").out);
    EXPECT_EQ(loss.at("tokens"), 63);
    for (const char* key : {"tokens", "loss", "standard_error", "bits_per_byte"})
      EXPECT_EQ(loss.at(key), exported.at(key)) << key;
  }
}

// As in data.text: what a file's name says decides, and a line of JSON is a document.
TEST_F(EvalText, DocumentsAreReadAsAStudyReadsThem) {
  ASSERT_NO_FATAL_FAILURE(train());
  spill(scratch_ / "other.txt", "One document.\nAnother one.\n");
  spill(scratch_ / "other.jsonl",
        "{\"text\": \"One document.\"}\n\n{\"text\": \"Another one.\"}\n");
  const json plain = json::parse(run("eval study --text other.txt --json").out);
  const json lines = json::parse(run("eval study --text other.jsonl --json").out);
  ASSERT_EQ(plain.at("losses").size(), 2U);
  EXPECT_EQ(plain.at("losses")[0].at("tokens"), 27);
  EXPECT_TRUE(plain.at("losses")[0].at("standard_error").is_null()) << "of less than two rows";
  EXPECT_EQ(lines.at("losses"), plain.at("losses"));
}

// Budgets of one run, whose end alone has weights, two of which end at one step.
TEST_F(EvalText, WhatHasNoWeightsIsCounted) {
  std::string study = slurp(scratch_ / "study.yaml");
  study.replace(study.find("[2560, 5120]"), 12, "[2560, 5000, 5120]");
  spill(scratch_ / "study.yaml", study);
  ASSERT_NO_FATAL_FAILURE(train());
  const Outcome outcome = run("eval study --text reported.txt --json");
  ASSERT_EQ(outcome.status, 0) << outcome.err;
  EXPECT_NE(outcome.err.find("4 of 6 points of the study are not scored ("), std::string::npos)
      << outcome.err;
  const json losses = json::parse(outcome.out).at("losses");
  ASSERT_EQ(losses.size(), 2U);
  for (const json& loss : losses)
    EXPECT_TRUE(loss.at("trial").get<std::string>().ends_with("-5120tokens")) << loss;
}

// One that cannot be scored costs no other.
TEST_F(EvalText, ARunWithoutItsCheckpointIsNamedAndTheOthersAreScored) {
  ASSERT_NO_FATAL_FAILURE(train());
  const std::vector<Row> all = rows_of(run("eval study --text reported.txt --csv").out);
  ASSERT_EQ(all.size(), 2U);
  for (const auto& entry :
       fs::recursive_directory_iterator(scratch_ / "study" / "runs" / all[0].at("run")))
    if (entry.path().filename().string().starts_with("checkpoint")) fs::remove_all(entry.path());
  const Outcome outcome = run("eval study --text reported.txt --csv");
  EXPECT_EQ(outcome.status, 1);
  EXPECT_NE(outcome.err.find(all[0].at("run")), std::string::npos) << outcome.err;
  EXPECT_EQ(rows_of(outcome.out), std::vector<Row>{all[1]});
}

TEST_F(EvalText, BadUsageIsRefusedWithWhatToDo) {
  ASSERT_NO_FATAL_FAILURE(train());
  spill(scratch_ / "empty.txt", "");
  const struct {
    const char* arguments;
    const char* problem;
  } cases[] = {
      {"eval study --text empty.txt", "empty.txt is empty"},
      {"eval study --text nowhere.txt", "nowhere.txt"},
      {"eval somewhere --text reported.txt", "somewhere: no points"},
      {"eval --text reported.txt", "nobody to score is named"},
      {"eval study --length 8", "--length is given without --model"},
      {"eval study --text reported.txt --length 8", "--length is given without --model"},
      {"eval study --tokens reported.txt", "--tokens is given without --model"},
      {"eval study --text reported.txt --shots 2", "--shots is given without --data or --tasks"},
      {"eval study --text reported.txt --ranks 2", "--ranks is given without tasks"},
      {"eval study --text reported.txt --csv --json", "--csv is given"},
      {"eval study --csv", "--csv is given without a study and --text"},
      {"eval study --text reported.txt --tasks tasks", "--text is given beside tasks"},
      {"eval study --text reported.txt --recompute", "--recompute and --text"},
  };
  for (const auto& [arguments, problem] : cases) {
    const Outcome outcome = run(arguments);
    EXPECT_EQ(outcome.status, 2) << arguments;
    EXPECT_NE(outcome.err.find(problem), std::string::npos) << arguments << ": " << outcome.err;
    EXPECT_EQ(outcome.out, "") << arguments;
  }
}

}  // namespace
}  // namespace isoloss::test
