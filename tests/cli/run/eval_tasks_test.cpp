// `isoloss eval` on one-shot tasks from outside: a model that gives every byte the same
// probability, public data in the publishers' forms, a study, and bad usage.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <algorithm>
#include <map>
#include <nlohmann/json.hpp>
#include <set>
#include <string>
#include <vector>

#include "tests/cli/program.h"
#include "tests/cli/run/uniform_llama.h"

namespace isoloss::test {
namespace {

namespace fs = std::filesystem;
using nlohmann::json;
using testing::HasSubstr;

// Two tasks: which of two words follows, and which of four.
void write_own_tasks(const fs::path& folder) {
  const auto write = [&](const std::string& task, const std::vector<std::string>& words) {
    spill(folder / (task + ".yaml"),
          "data: " + task +
              "\nsplit: test\nshots_from: train\n"
              "context: \"The {thing} is\"\nchoices: words\ngold: label\n"
              "chance: choices\nmetrics: {accuracy: right per_token}\n");
    for (const char* split : {"test", "train"}) {
      std::string lines;
      for (int i = 0; i < 6; ++i)
        lines += json{{"id", split + std::to_string(i)},
                      {"group", split + std::to_string(i)},
                      {"thing", "thing " + std::to_string(i)},
                      {"words", words},
                      {"label", i % words.size()}}
                     .dump() +
                 "\n";
      spill(folder / (task + "." + split + ".jsonl"), lines);
    }
  };
  write("two", {"here", "gone"});
  write("four", {"red", "blue", "green", "grey"});
}

class EvalTasks : public testing::Test {
 protected:
  EvalTasks() {
    write_uniform_llama(scratch_ / "model", 4096);
    write_own_tasks(scratch_ / "tasks");
  }
  Outcome run(const std::string& arguments) const { return isoloss(arguments, scratch_.path()); }

  Scratch scratch_;
};

// Every choice has the same log-probability a token, so that ties are shared and accuracy is
// chance; each byte costs log2 256 bits.
TEST_F(EvalTasks, AModelThatKnowsNothingScoresChanceAtEightBitsAByte) {
  const Outcome outcome = run("eval --model hf:model --tasks tasks --json");
  ASSERT_EQ(outcome.status, 0) << outcome.err;
  const json scores = json::parse(outcome.out).at("scores");
  ASSERT_EQ(scores.size(), 2);
  for (const json& score : scores) {
    const double chance = score.at("task") == "two" ? 0.5 : 0.25;
    EXPECT_NEAR(score.at("value").get<double>(), chance, 1e-12) << score;
    EXPECT_NEAR(score.at("chance").get<double>(), chance, 1e-12) << score;
    EXPECT_NEAR(score.at("gold_bits_per_byte").get<double>(), 8, 1e-4) << score;
    EXPECT_EQ(score.at("n"), 6);
    EXPECT_EQ(score.at("profile"), "own");
  }
}

// The 29 data sets in their publishers' forms, every card of both profiles. The samples hold too
// few items to show one before each.
TEST_F(EvalTasks, EveryPublicTaskIsScoredFromItsPublishersFiles) {
  const Outcome prepared = run("data prepare-tasks '" ISOLOSS_SOURCE
                               "/tests/harness/oneshot/publishers' --tokenizer hf:model --out t");
  ASSERT_EQ(prepared.status, 0) << prepared.err;
  const std::map<std::string, std::size_t> tasks = {{"gpt3", 29}, {"lmeval", 27}};
  for (const auto& [profile, count] : tasks) {
    const Outcome outcome =
        run("eval --model hf:model --data t --shots 0 --json --profile " + profile);
    ASSERT_EQ(outcome.status, 0) << outcome.err;
    std::set<std::string> names;
    const json scores = json::parse(outcome.out).at("scores");
    for (const json& score : scores) {
      names.insert(score.at("task"));
      if (!score.at("gold_bits_per_byte").is_null()) {
        EXPECT_NEAR(score.at("gold_bits_per_byte").get<double>(), 8, 1e-3) << score;
      }
    }
    EXPECT_EQ(names.size(), count) << profile;
  }
}

TEST_F(EvalTasks, AStudysScoresAreKeptVerifiedAndNotMadeAgain) {
  std::string text;
  for (int i = 0; text.size() < 60'000; ++i)
    text += "The thing " + std::to_string(i % 7) + (i % 2 == 0 ? " is here.\n" : " is gone.\n");
  spill(scratch_ / "text.txt", text);
  spill(scratch_ / "study.yaml",
        "study: tiny\n"
        "data: {text: text.txt, tokenizer: bytes, validation: 0.2}\n"
        "model: {layers: 1, d_head: 8, sequence: 64}\n"
        "optimizer: {warmup_tokens: 2560, batch_tokens: 256, learning_rate: 0.05}\n"
        "grid:\n"
        "  architecture: [transformer, primer]\n"
        "  size: [{name: s, d_model: 8}]\n"
        "  budget: {tokens: 5120}\n"
        "  seed: [0]\n"
        "evaluate: {tokens: 1024}\n");
  ASSERT_EQ(run("run study.yaml --out study").status, 0);
  const std::string command = "eval study --tasks tasks --json";
  const Outcome first = run(command);
  ASSERT_EQ(first.status, 0) << first.err;
  const json scores = json::parse(first.out).at("scores");
  EXPECT_EQ(scores.size(), 4);  // two runs on two tasks
  std::map<fs::path, fs::file_time_type> written;
  for (const auto& entry : fs::recursive_directory_iterator(scratch_ / "study/scores"))
    if (entry.is_regular_file()) written[entry.path()] = entry.last_write_time();
  EXPECT_EQ(written.size(), 4);
  const Outcome second = run(command);
  EXPECT_EQ(second.out, first.out);
  for (const auto& [path, time] : written) EXPECT_EQ(fs::last_write_time(path), time) << path;
  const Outcome verified = run("verify study");
  EXPECT_EQ(verified.status, 0) << verified.out << verified.err;
}

TEST_F(EvalTasks, BadUsageIsRefusedWithWhatToDo) {
  spill(scratch_ / "foreign.bin", "no task data at all");
  const struct {
    const char* arguments;
    const char* problem;
  } cases[] = {
      {"eval --tasks tasks", "give DIR or --model"},
      {"eval somewhere", "give --data FILE"},
      {"eval somewhere --model hf:model --tasks tasks", "give one"},
      {"eval --model hf:model --tasks tasks --data t", "give one"},
      {"eval --model hf:model --tasks tasks --task fou", "did you mean 'four'"},
      {"eval --model hf:model --tasks tasks --shots -1", "--shots is -1"},
      {"eval --model hf:model --tasks tasks --limit 0", "--limit is below 1"},
      {"eval --model hf:model --data foreign.bin", "foreign.bin"},
      {"eval --model hf:model --data foreign.bin --profile gpt4", "gpt4"},
      {"eval somewhere --tasks tasks", "somewhere"},
  };
  for (const auto& [arguments, problem] : cases) {
    const Outcome outcome = run(arguments);
    EXPECT_EQ(outcome.status, 2) << arguments;
    EXPECT_THAT(outcome.err, HasSubstr(problem)) << arguments;
    EXPECT_EQ(std::ranges::count(outcome.err, '\n'), 1) << outcome.err;
  }
}

// A unigram's hash on one side, bytes on the other.
TEST_F(EvalTasks, TaskDataOfAnotherTokenizerAreRefused) {
  const std::string source = ISOLOSS_SOURCE;
  ASSERT_EQ(run("data prepare '" + source +
                "/corpus/stoker-dracula.txt' --tokenizer unigram:400 --out tokens")
                .status,
            0);
  ASSERT_EQ(run("data prepare-tasks '" + source +
                "/tests/harness/oneshot/publishers' --tokenizer tokens --out t")
                .status,
            0);
  const Outcome outcome = run("eval --model hf:model --data t");
  EXPECT_EQ(outcome.status, 2);
  EXPECT_THAT(outcome.err, HasSubstr("unigram:400")) << outcome.err;
  EXPECT_EQ(std::ranges::count(outcome.err, '\n'), 1) << outcome.err;
}

}  // namespace
}  // namespace isoloss::test
