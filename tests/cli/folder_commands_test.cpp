// `isoloss verify`, `repair` and `merge` from outside: exit status, JSON, and what they refuse.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <nlohmann/json.hpp>
#include <string>

#include "tests/cli/program.h"

namespace isoloss::test {
namespace {

namespace fs = std::filesystem;
using nlohmann::json;
using testing::HasSubstr;

class FolderCommands : public testing::Test {
 protected:
  // A study that has not trained yet, with a decision of version 1 (docs/format.md) that every arm
  // lost by, and so rests on no run.
  void make_study(const std::string& name, const std::string& budgets = "[2e7, 4e7]") const {
    spill(scratch_ / (name + "/study.yaml"),
          "study: tiny\ndata: {text: text.txt}\nmodel: {layers: 1, d_head: 8, sequence: 32}\n"
          "optimizer: {batch_tokens: 256}\ngrid:\n  architecture: [transformer]\n"
          "  size: [{name: s, d_model: 8}]\n  budget: {flops: " +
              budgets + "}\n");
    fs::create_directories(scratch_ / (name + "/runs"));
    spill(scratch_ / (name + "/decisions/k.json"),
          R"({"format": "isoloss decision", "version": 1, "key": "k", "architecture": "a",)"
          R"( "size": "s", "every_size": true, "budget": 1, "this_budget_only": false,)"
          R"( "arms": [], "winner": "", "learning_rate": 0, "runner_up": "", "at_edge": false})");
  }
  Outcome isoloss(const std::string& arguments) const {
    return test::isoloss(arguments, scratch_.path());
  }
  TemporaryFolder scratch_;
};

// The work was done, and then an internal error said: JSON is UTF-8, and names of files are bytes.
TEST_F(FolderCommands, NamesThatAreNoUtf8StandInJson) {
  make_study("a\xff");
  spill(scratch_ / "a\xff/foreign\xfe", "x");
  for (const std::string command : {"verify", "repair", "repair --dry-run"}) {
    const Outcome outcome = isoloss(command + " 'a\xff' --json");
    EXPECT_EQ(outcome.status, 0) << command << outcome.err;
    EXPECT_THAT(outcome.out, HasSubstr("a\xEF\xBF\xBD"));  // U+FFFD
    EXPECT_TRUE(json::accept(outcome.out)) << command;
  }
}

TEST_F(FolderCommands, AWholeFolderIsCleanAndNothingIsToMend) {
  make_study("a");
  const Outcome verified = isoloss("verify a");
  EXPECT_EQ(verified.status, 0) << verified.out;
  EXPECT_THAT(verified.out, HasSubstr("every file is whole"));
  const Outcome repaired = isoloss("repair a");
  EXPECT_EQ(repaired.status, 0) << repaired.err;
  EXPECT_THAT(repaired.out, HasSubstr("nothing to mend"));
}

TEST_F(FolderCommands, RepairMendsWhatVerifyFinds) {
  make_study("a");
  spill(scratch_ / "a/decisions/k.json", "{");
  EXPECT_EQ(isoloss("verify a").status, 1);
  const Outcome told = isoloss("repair a --dry-run");
  EXPECT_EQ(told.status, 0) << told.err;
  EXPECT_THAT(told.out, HasSubstr("would set aside: a/decisions/k.json"));
  EXPECT_EQ(isoloss("verify a").status, 1);
  const Outcome done = isoloss("repair a --json");
  ASSERT_EQ(done.status, 0) << done.err;
  const json result = json::parse(done.out);
  EXPECT_EQ(result.at("repairs").at(0).at("action"), "set aside");
  EXPECT_EQ(result.at("repairs").at(0).at("path"), "a/decisions/k.json");
  EXPECT_TRUE(result.at("left").empty());
  EXPECT_EQ(slurp(scratch_ / "a/decisions/k.json.damaged"), "{");
  EXPECT_EQ(isoloss("verify a").status, 0);
  EXPECT_TRUE(json::parse(isoloss("repair a --json").out).at("repairs").empty());
}

TEST_F(FolderCommands, WhatCannotBeMendedIsSaidWithStatusOne) {
  make_study("a");
  spill(scratch_ / "a/study.yaml", "\x01\x02 no YAML: [");
  EXPECT_EQ(isoloss("verify a").status, 1);
  const Outcome outcome = isoloss("repair a");
  EXPECT_EQ(outcome.status, 1);
  EXPECT_THAT(outcome.out, HasSubstr("cannot mend: damage: a/study.yaml"));
  EXPECT_EQ(isoloss("repair nowhere").status, 2);
}

// The link's file fails with EIO, for root too.
TEST_F(FolderCommands, WhatCouldNotBeReadIsLeftWithStatusOne) {
  make_study("a");
  fs::remove(scratch_ / "a/decisions/k.json");
  fs::create_symlink("/proc/self/mem", scratch_ / "a/decisions/k.json");
  const Outcome verified = isoloss("verify a");
  EXPECT_EQ(verified.status, 1);
  EXPECT_THAT(verified.out, HasSubstr("unread: a/decisions/k.json"));
  const Outcome repaired = isoloss("repair a --json");
  EXPECT_EQ(repaired.status, 1);
  const json result = json::parse(repaired.out);
  EXPECT_TRUE(result.at("repairs").empty());
  EXPECT_EQ(result.at("left").at(0).at("severity"), "unread");
  EXPECT_TRUE(fs::is_symlink(scratch_ / "a/decisions/k.json"));
}

TEST_F(FolderCommands, RepairOfAFolderWithoutAStudyIsBadUsage) {
  fs::create_directories(scratch_ / "other/runs");
  const Outcome outcome = isoloss("repair other");
  EXPECT_EQ(outcome.status, 2);
  EXPECT_THAT(outcome.err, HasSubstr("no study folder"));
}

TEST_F(FolderCommands, MergeMakesAFolderOfBothStudies) {
  make_study("a");
  make_study("b", "[2e7, 8e7]");
  const Outcome outcome = isoloss("merge a b --out c --json");
  ASSERT_EQ(outcome.status, 0) << outcome.err;
  const json result = json::parse(outcome.out);
  EXPECT_EQ(result.at("runs"), 0);
  EXPECT_EQ(result.at("decisions"), 1);
  EXPECT_EQ(isoloss("verify c").status, 0);
  spill(scratch_ / "text.txt", std::string(4000, 'a'));
  const Outcome planned = isoloss("plan c/study.yaml --json");
  ASSERT_EQ(planned.status, 0) << planned.err;
  EXPECT_EQ(json::parse(planned.out).at("trials").size(), 3U);
  EXPECT_EQ(isoloss("status c").status, 0);
}

TEST_F(FolderCommands, MergeRefusesWhatDoesNotBelongTogether) {
  make_study("a");
  make_study("b");
  for (const char* arguments :
       {"merge a b", "merge a --out c", "merge a nowhere --out c", "merge a b --out b"})
    EXPECT_EQ(isoloss(arguments).status, 2) << arguments;
  const std::string study = slurp(scratch_ / "b/study.yaml");
  std::string text = study;
  spill(scratch_ / "b/study.yaml", text.replace(text.find("256"), 3, "512"));
  const Outcome keys = isoloss("merge a b --out c");
  EXPECT_EQ(keys.status, 2);
  EXPECT_THAT(keys.err, HasSubstr("differ in optimizer.batch_tokens ("));
  spill(scratch_ / "b/study.yaml", study);
  text = slurp(scratch_ / "b/decisions/k.json");
  text.replace(text.find("\"budget\": 1"), 11, "\"budget\": 2");
  spill(scratch_ / "b/decisions/k.json", text);
  const Outcome decisions = isoloss("merge a b --out c");
  EXPECT_EQ(decisions.status, 1);
  EXPECT_THAT(decisions.err, HasSubstr("decision k differs"));
  EXPECT_FALSE(fs::exists(scratch_ / "c"));
}

}  // namespace
}  // namespace isoloss::test
