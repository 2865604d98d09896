// Files of scores that `isoloss eval` keeps, from outside: which are taken for scored and which are
// scored again, which stop a command and which cost their own task alone.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <algorithm>
#include <cstring>
#include <nlohmann/json.hpp>
#include <string>

#include "tests/cli/program.h"
#include "tests/cli/run/uniform_llama.h"

namespace isoloss::test {
namespace {

namespace fs = std::filesystem;
using nlohmann::json;
using testing::HasSubstr;
using testing::Not;

// Four passages of three questions, each with two answers to judge.
void write_passages(const fs::path& folder, const std::string& task, const std::string& key) {
  spill(folder / (task + ".yaml"),
        "data: " + task + "\nsplit: test\nshots_from: test\n" + key +
            "\ncontext: \"{q}\"\nchoices: words\ngold: label\nchance: choices\n"
            "metrics: {accuracy: right sum}\n");
  std::string lines;
  for (int i = 0; i < 12; ++i) {
    const json question = {{"q", "The thing " + std::to_string(i) + " is"},
                           {"words", {"here", "gone"}},
                           {"label", i % 2}};
    json item = question;
    item["id"] = std::to_string(i);
    item["group"] = "passage " + std::to_string(i / 3);
    item["answers"] = {question, question};
    lines += item.dump() + "\n";
  }
  spill(folder / (task + ".test.jsonl"), lines);
}

// Weights of which no two are the same, so that choices differ.
void disturb_weights(const fs::path& folder, float step) {
  std::string bytes = slurp(folder / "model.safetensors");
  std::uint64_t header = 0;
  std::memcpy(&header, bytes.data(), 8);
  for (std::size_t at = 8 + header, i = 0; at < bytes.size(); at += 4, ++i) {
    const float value = step * static_cast<float>(i * 37 % 101);
    std::memcpy(bytes.data() + at, &value, 4);
  }
  spill(folder / "model.safetensors", bytes);
}

class KeptScores : public testing::Test {
 protected:
  KeptScores() {
    write_uniform_llama(scratch_ / "model", 512);
    write_passages(scratch_ / "tasks", "plain", "items: all");
  }
  Outcome run(const std::string& arguments) const { return isoloss(arguments, scratch_.path()); }
  // The scores of the tasks' first metrics, and n.
  json scores(const std::string& arguments) const {
    const Outcome outcome = run("eval --json --tasks tasks " + arguments);
    EXPECT_EQ(outcome.status, 0) << outcome.err;
    return json::parse(outcome.out).at("scores");
  }

  TemporaryFolder scratch_;
};

TEST_F(KeptScores, AModelThatChangedIsScoredAgainAndOneThatDidNotIsNot) {
  const Outcome first = run("eval --json --model hf:model --tasks tasks --out kept");
  ASSERT_EQ(first.status, 0) << first.err;
  const std::string file = slurp(scratch_ / "kept/own.plain.h5");
  const auto written = fs::last_write_time(scratch_ / "kept/own.plain.h5");
  EXPECT_EQ(run("eval --json --model hf:model --tasks tasks --out kept").out, first.out);
  EXPECT_EQ(fs::last_write_time(scratch_ / "kept/own.plain.h5"), written);

  disturb_weights(scratch_ / "model", 0.01F);
  const Outcome changed = run("eval --json --model hf:model --tasks tasks --out kept");
  ASSERT_EQ(changed.status, 0) << changed.err;
  EXPECT_THAT(changed.err, HasSubstr("own.plain.h5: scored again"));
  EXPECT_NE(slurp(scratch_ / "kept/own.plain.h5"), file);
  EXPECT_EQ(changed.out, run("eval --json --model hf:model --tasks tasks").out);
}

TEST_F(KeptScores, AnotherModelsFolderIsRefusedBeforeAnythingIsScored) {
  ASSERT_EQ(run("eval --model hf:model --tasks tasks --out kept").status, 0);
  const std::string file = slurp(scratch_ / "kept/own.plain.h5");
  write_uniform_llama(scratch_ / "other", 512);
  disturb_weights(scratch_ / "other", 0.02F);
  const Outcome refused = run("eval --model hf:other --tasks tasks --out kept");
  EXPECT_EQ(refused.status, 2);
  EXPECT_EQ(refused.out.find("plain"), std::string::npos) << refused.out;
  EXPECT_THAT(refused.err, HasSubstr("kept/own.plain.h5 holds the scores of hf:model"));
  EXPECT_THAT(refused.err, HasSubstr("hf:other"));
  EXPECT_EQ(slurp(scratch_ / "kept/own.plain.h5"), file);
  // By another name the same model is the same one.
  EXPECT_EQ(run("eval --model hf:./model --tasks tasks --out kept").status, 0);
  EXPECT_EQ(slurp(scratch_ / "kept/own.plain.h5"), file);
}

// Questions of a passage, the last one alone, and the answers of each: 12, 4 and 24 are asked.
TEST_F(KeptScores, SomeItemsAreSoManyAskedOnesAndNotTakenForAll) {
  write_passages(scratch_ / "tasks", "last", "items: last_of_group");
  write_passages(scratch_ / "tasks", "each", "items_of: answers");
  const auto counts = [&](const std::string& limit) {
    json n;
    for (const json& score : scores("--model hf:model --shots 0 --out kept" + limit))
      n[score.at("task").get<std::string>()] = score.at("n");
    return n;
  };
  EXPECT_EQ(counts(" --limit 3"), (json{{"plain", 3}, {"last", 3}, {"each", 6}}));
  EXPECT_EQ(counts(""), (json{{"plain", 12}, {"last", 4}, {"each", 24}}));
  const auto written = fs::last_write_time(scratch_ / "kept/own.last.h5");
  EXPECT_EQ(counts(" --limit 3"), (json{{"plain", 12}, {"last", 4}, {"each", 24}}));
  EXPECT_EQ(counts(""), (json{{"plain", 12}, {"last", 4}, {"each", 24}}));
  EXPECT_EQ(fs::last_write_time(scratch_ / "kept/own.last.h5"), written);
}

// An item alone, and one passage alone, say nothing of how far another draw would move the score.
TEST_F(KeptScores, AnErrorThatIsNotKnownIsNone) {
  const json score = scores("--model hf:model --limit 1").at(0);
  EXPECT_EQ(score.at("n"), 3);  // one passage
  EXPECT_TRUE(score.at("standard_error").is_null()) << score;
  EXPECT_FALSE(scores("--model hf:model").at(0).at("standard_error").is_null());
  const Outcome table = run("eval --model hf:model --tasks tasks --limit 1 --out kept");
  EXPECT_THAT(table.out, Not(HasSubstr("nan"))) << table.out;
  EXPECT_THAT(table.out, Not(HasSubstr("0.0000"))) << table.out;
  const Outcome again = run("eval kept --recompute --tasks tasks");
  EXPECT_EQ(again.status, 0);
  EXPECT_EQ(again.err, "") << "nothing was replaced";
}

// The next item's question with its right answer, a blank line, the item's own question.
TEST_F(KeptScores, PromptsAreShownWithoutAModel) {
  const Outcome shown = run("eval --tasks tasks --show 2 --shots 0");
  EXPECT_EQ(shown.status, 0) << shown.err;
  EXPECT_EQ(shown.out,
            "--- plain (own), item 0\nThe thing 0 is\nright [ here]\nwrong [ gone]\n"
            "--- plain (own), item 1\nThe thing 1 is\nwrong [ here]\nright [ gone]\n");
  const json prompt =
      json::parse(run("eval --tasks tasks --show 1 --json").out).at("prompts").at(0);
  EXPECT_EQ(prompt.at("id"), "0");
  EXPECT_THAT(prompt.at("choices").at(0).at("context").get<std::string>(),
              testing::MatchesRegex("The thing [0-9]+ is (here|gone)\n\nThe thing 0 is"));
  EXPECT_EQ(prompt.at("choices").at(0).at("gold"), true);
  for (const char* arguments :
       {"eval --show 1", "eval study --tasks tasks --show 1", "eval --tasks tasks --show 0",
        "eval --tasks tasks --model hf:model --show 1", "eval kept --recompute --show 1"}) {
    const Outcome refused = run(arguments);
    EXPECT_EQ(refused.status, 2) << arguments;
    EXPECT_THAT(refused.err, HasSubstr("--show")) << arguments;
  }
}

TEST_F(KeptScores, ADamagedFileCostsItsOwnTask) {
  write_passages(scratch_ / "tasks", "other", "items: all");
  ASSERT_EQ(run("eval --model hf:model --tasks tasks --out one").status, 0);
  ASSERT_EQ(run("eval --model hf:model --tasks tasks --out two").status, 0);
  spill(scratch_ / "two/own.other.h5", "cut short");
  const Outcome compared = run("compare --baseline one --candidate two --json");
  EXPECT_EQ(compared.status, 0) << compared.err;
  const json result = json::parse(compared.out);
  ASSERT_EQ(result.at("comparisons").size(), 1U);
  EXPECT_EQ(result.at("comparisons").at(0).at("task"), "plain");
  EXPECT_EQ(result.at("comparisons").at(0).at("baseline_trial").at("model"), "hf:model");
  EXPECT_EQ(result.at("left_out").size(), 1U);
  EXPECT_THAT(result.at("left_out").at(0).get<std::string>(), HasSubstr("two/own.other.h5"));
  EXPECT_EQ(run("compare --baseline one --candidate two --task plain").err, "");
  const Outcome asked = run("compare --baseline one --candidate two --task other");
  EXPECT_EQ(asked.status, 2);
  EXPECT_THAT(asked.err, HasSubstr("two/own.other.h5"));
}

}  // namespace
}  // namespace isoloss::test
