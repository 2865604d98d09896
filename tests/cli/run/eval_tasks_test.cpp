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
#include "tests/places.h"

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

  TemporaryFolder scratch_;
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

// A card with a key that is none, one without its items, one whose item has no right answer.
TEST_F(EvalTasks, ATaskThatIsAtFaultCostsNoOther) {
  const std::string card = slurp(scratch_ / "tasks/two.yaml");
  spill(scratch_ / "tasks/key.yaml", card + "chioces: words\n");
  spill(scratch_ / "tasks/lost.yaml", "data: lost\n" + card.substr(card.find('\n') + 1));
  spill(scratch_ / "tasks/gold.yaml", "data: gold\n" + card.substr(card.find('\n') + 1));
  const std::string item =
      R"({"id": "x", "group": "x", "thing": "owl", "words": ["here", "gone"], )";
  spill(scratch_ / "tasks/gold.test.jsonl", item + R"("label": 2})");
  spill(scratch_ / "tasks/gold.train.jsonl",
        R"({"id": "y", )" + item.substr(11) + R"("label": 0})");
  const Outcome outcome = run("eval --model hf:model --tasks tasks --json");
  EXPECT_EQ(outcome.status, 1);
  EXPECT_EQ(json::parse(outcome.out).at("scores").size(), 2);  // two and four
  EXPECT_EQ(std::ranges::count(outcome.err, '\n'), 3) << outcome.err;
  EXPECT_THAT(outcome.err, HasSubstr("tasks/key.yaml:9: chioces"));
  EXPECT_THAT(outcome.err, HasSubstr("lost.test.jsonl: cannot read the items of task lost"));
  EXPECT_THAT(outcome.err, HasSubstr("gold.yaml: task gold, item x: "));
  EXPECT_EQ(run("eval --model hf:model --tasks tasks --task key").status, 2);
}

// A sum favours the short answer, which is the right one of items 0, 2 and 4. The training text
// holds items 0 and 2: of the other four one is right.
TEST_F(EvalTasks, TheScoreWithoutItemsOfTheTrainingTextStandsBesideIt) {
  std::string lines;
  for (int i = 0; i < 6; ++i)
    lines += json{{"id", std::to_string(i)}, {"group", std::to_string(i)},
                  {"thing", "thing"},        {"words", {"a", "long one"}},
                  {"label", i % 2},          {"contaminated", i == 0 || i == 2}}
                 .dump() +
             "\n";
  spill(scratch_ / "found/d.test.jsonl", lines);
  spill(scratch_ / "found/d.train.jsonl", lines);
  spill(scratch_ / "found/short.yaml",
        "data: d\nsplit: test\nshots_from: train\ncontext: \"The {thing} is\"\nchoices: words\n"
        "gold: label\nchance: choices\nmetrics: {accuracy: right sum}\n");
  const Outcome outcome = run("eval --model hf:model --tasks found --json");
  ASSERT_EQ(outcome.status, 0) << outcome.err;
  const json score = json::parse(outcome.out).at("scores").at(0);
  EXPECT_EQ(score.at("value"), 0.5);
  EXPECT_EQ(score.at("contaminated"), 2);
  EXPECT_EQ(score.at("clean_value"), 0.25);
  EXPECT_NEAR(score.at("clean_standard_error").get<double>(), 0.25, 1e-12);  // 0.5 / sqrt(4)
  const Outcome table = run("eval --model hf:model --tasks found");
  EXPECT_THAT(table.out, HasSubstr("contaminated     clean\n"));
  EXPECT_THAT(table.out, HasSubstr("           2    0.2500\n"));
  const Outcome unknown = run("eval --model hf:model --tasks tasks --task two --json");
  EXPECT_TRUE(json::parse(unknown.out).at("scores").at(0).at("clean_value").is_null());
}

// A question and its example are longer than the 16 bytes that the model reads.
TEST_F(EvalTasks, PromptsThatAreCutAreCounted) {
  write_uniform_llama(scratch_ / "short", 16);
  const Outcome outcome = run("eval --model hf:short --tasks tasks --task two --json");
  ASSERT_EQ(outcome.status, 0) << outcome.err;
  const json score = json::parse(outcome.out).at("scores").at(0);
  EXPECT_EQ(score.at("truncated"), 6);
  const Outcome table = run("eval --model hf:short --tasks tasks --task two");
  EXPECT_THAT(table.out,
              testing::EndsWith("\nprompts longer than the model reads, cut at the left: "
                                "two 6 of 6\n"));
  const Outcome whole = run("eval --model hf:model --tasks tasks --task two --json");
  EXPECT_EQ(json::parse(whole.out).at("scores").at(0).at("truncated"), 0);
}

// The 29 data sets in their publishers' forms, every card of both profiles. The samples hold too
// few items to show one before each.
TEST_F(EvalTasks, EveryPublicTaskIsScoredFromItsPublishersFiles) {
  const Outcome prepared = run("data prepare-tasks '" + test::checkout() +
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

// Of the other tasks a line says that the file does not hold them; one that is asked for is a
// fault.
TEST_F(EvalTasks, AFileOfOneDataSetScoresItsTask) {
  const fs::path publishers = fs::path(test::checkout()) / "tests/harness/oneshot/publishers";
  fs::create_directory(scratch_ / "downloads");
  fs::copy(publishers / "piqa", scratch_ / "downloads/piqa", fs::copy_options::recursive);
  ASSERT_EQ(run("data prepare-tasks downloads --tokenizer hf:model --out t").status, 0);
  const Outcome outcome = run("eval --model hf:model --data t --shots 0 --json");
  EXPECT_EQ(outcome.status, 0) << outcome.err;
  const json scores = json::parse(outcome.out).at("scores");
  ASSERT_EQ(scores.size(), 1U);
  EXPECT_EQ(scores[0].at("task"), "piqa");
  EXPECT_THAT(outcome.err, HasSubstr("not in the task data file, and not scored: "));
  EXPECT_EQ(std::ranges::count(outcome.err, '\n'), 1) << outcome.err;
  const Outcome asked = run("eval --model hf:model --data t --shots 0 --task piqa hellaswag");
  EXPECT_EQ(asked.status, 1);
  EXPECT_THAT(asked.err, HasSubstr("hellaswag: data set 'hellaswag' is not in the task data file"));
}

// Two architectures, budgets of 10 and 20 steps that share a run.
void write_study(const fs::path& folder, const std::string& evaluate) {
  std::string text;
  for (int i = 0; text.size() < 60'000; ++i)
    text += "The thing " + std::to_string(i % 7) + (i % 2 == 0 ? " is here.\n" : " is gone.\n");
  spill(folder / "text.txt", text);
  spill(folder / "study.yaml",
        "study: tiny\n"
        "data: {text: text.txt, tokenizer: bytes, validation: 0.2}\n"
        "model: {layers: 1, d_head: 8, sequence: 64}\n"
        "optimizer: {warmup_tokens: 2560, batch_tokens: 256, learning_rate: 0.05}\n"
        "grid:\n"
        "  architecture: [transformer, primer]\n"
        "  size: [{name: s, d_model: 8}]\n"
        "  budget: {tokens: [2560, 5120]}\n"
        "  seed: [0]\n"
        "evaluate: {" +
            evaluate + "}\n");
}

using WrittenFiles = std::map<fs::path, fs::file_time_type>;

WrittenFiles scores_of(const fs::path& study) {
  WrittenFiles written;
  for (const auto& entry : fs::recursive_directory_iterator(study / "scores"))
    if (entry.is_regular_file()) written[entry.path()] = entry.last_write_time();
  return written;
}

TEST_F(EvalTasks, AStudysScoresAreKeptVerifiedAndNotMadeAgain) {
  write_study(scratch_.path(), "tokens: 1024");
  ASSERT_EQ(run("run study.yaml --out study").status, 0);
  const std::string command = "eval study --tasks tasks --json";
  const Outcome first = run(command);
  ASSERT_EQ(first.status, 0) << first.err;
  const json scores = json::parse(first.out).at("scores");
  EXPECT_EQ(scores.size(), 4);  // two runs on two tasks
  const WrittenFiles written = scores_of(scratch_ / "study");
  EXPECT_EQ(written.size(), 4);
  const Outcome second = run(command + " --ranks 2");
  EXPECT_EQ(second.out, first.out);
  EXPECT_EQ(scores_of(scratch_ / "study"), written);
  // Of what a stop left unmade that alone is made.
  const fs::path lost = written.begin()->first;
  const std::string stored = slurp(lost);
  fs::remove(lost);
  EXPECT_EQ(run(command).out, first.out);
  EXPECT_EQ(slurp(lost), stored);
  WrittenFiles again = scores_of(scratch_ / "study");
  again[lost] = written.at(lost);
  EXPECT_EQ(again, written);
  const Outcome verified = run("verify study");
  EXPECT_EQ(verified.status, 0) << verified.out << verified.err;
}

TEST_F(EvalTasks, SomeItemsAreScoredFirstAndTheRestLater) {
  write_study(scratch_.path(), "tokens: 1024");
  ASSERT_EQ(run("run study.yaml --out study").status, 0);
  const auto counts = [&](const std::string& limit) {
    const Outcome outcome = run("eval study --tasks tasks --json" + limit);
    EXPECT_EQ(outcome.status, 0) << outcome.err;
    std::set<int> n;
    const json scores = json::parse(outcome.out).at("scores");
    for (const json& score : scores) n.insert(score.at("n").get<int>());
    return n;
  };
  EXPECT_EQ(counts(" --limit 2"), std::set<int>{2});
  EXPECT_EQ(counts(" --limit 1"), std::set<int>{2}) << "what is there of more items stands";
  EXPECT_EQ(counts(""), std::set<int>{6});
  EXPECT_EQ(counts(" --limit 2"), std::set<int>{6});
}

// Three times within the last tenth: of 10 steps at 9 and 10, of 20 at 18, 19 and 20.
TEST_F(EvalTasks, AStudysOwnCardsScoreEveryBudgetOfASharedRunAsItPasses) {
  write_study(scratch_.path(), "tokens: 1024, tasks: [tasks, last-word], score_points: 3");
  const Outcome trained = run("run study.yaml --out study");
  ASSERT_EQ(trained.status, 0) << trained.err;
  const WrittenFiles written = scores_of(scratch_ / "study");
  std::map<std::string, int> names;
  for (const auto& [path, time] : written) {
    const std::string trial = path.parent_path().filename();
    ++names[trial.substr(trial.find('-')) + "/" + path.filename().string()];
  }
  std::map<std::string, int> expected;
  for (const char* task : {"two", "four"}) {
    for (const char* step : {"9", "10"})
      expected[std::string("-2560tokens/own.") + task + "." + step + ".h5"] = 2;
    for (const char* step : {"18", "19", "20"})
      expected[std::string("-5120tokens/own.") + task + "." + step + ".h5"] = 2;
  }
  EXPECT_EQ(names, expected);
  // `eval` finds what the run scored at its newest checkpoint.
  const Outcome scored = run("eval study --tasks tasks --json");
  ASSERT_EQ(scored.status, 0) << scored.err;
  EXPECT_EQ(json::parse(scored.out).at("scores").size(), 4);
  EXPECT_EQ(scores_of(scratch_ / "study"), written);
  const Outcome verified = run("verify study");
  EXPECT_EQ(verified.status, 0) << verified.out << verified.err;
}

// A model of 64 bytes has no room for an answer of 80: said once by a study of two runs, each
// scored at five points.
TEST_F(EvalTasks, ACardThatDoesNotFitTheModelIsNamedOnce) {
  spill(scratch_ / "tasks/long.yaml",
        slurp(scratch_ / "tasks/two.yaml") + "choice: \"{choice} " + std::string(80, 'a') + "\"\n");
  write_study(scratch_.path(), "tokens: 1024, tasks: [tasks], score_points: 3");
  const Outcome trained = run("run study.yaml --out study");
  ASSERT_EQ(trained.status, 0) << trained.err;
  const std::string line = "isoloss: not scored: " + (scratch_ / "tasks/long.yaml").string() +
                           ": task long, item test0: an answer is";
  const std::size_t first = trained.err.find(line);
  ASSERT_NE(first, std::string::npos) << trained.err;
  EXPECT_EQ(trained.err.find("long.yaml", first + line.size()), std::string::npos) << trained.err;
  for (const auto& [path, time] : scores_of(scratch_ / "study"))
    EXPECT_EQ(path.string().find("long"), std::string::npos) << path;
}

// Two runs of two budgets each; the study's own task is made of its text's numbers.
TEST_F(EvalTasks, AStudysOwnTasksAreKeptItemByItemPairedAndRecomputed) {
  write_study(scratch_.path(), "tokens: 1024, tasks: [tasks, mapping]");
  const Outcome trained = run("run study.yaml --out study");
  ASSERT_EQ(trained.status, 0) << trained.err;
  const WrittenFiles written = scores_of(scratch_ / "study");
  std::map<std::string, int> names;
  for (const auto& [path, time] : written) ++names[path.filename()];
  EXPECT_EQ(names["study.mapping.10.h5"], 2);
  EXPECT_EQ(names["study.mapping.20.h5"], 2);

  const Outcome compared = run("compare study --baseline transformer --candidate primer --json");
  ASSERT_EQ(compared.status, 0) << compared.err;
  std::map<std::string, json> pairs;
  const json comparisons = json::parse(compared.out).at("comparisons");
  for (const json& pair : comparisons) pairs[pair.at("task")] = pair;
  ASSERT_EQ(pairs.size(), 3) << compared.out;
  EXPECT_EQ(pairs.at("mapping").at("profile"), "study");
  EXPECT_EQ(pairs.at("mapping").at("items"), 128);

  // From the rows alone: what was stored, which is what eval finds.
  const Outcome again = run("eval study --recompute --tasks tasks --json");
  ASSERT_EQ(again.status, 0) << again.err;
  EXPECT_EQ(again.err, "");
  const json scores = json::parse(again.out).at("scores");
  EXPECT_EQ(scores.size(), 12);
  const json found = json::parse(run("eval study --tasks tasks --json").out).at("scores");
  EXPECT_EQ(found.size(), 4);
  for (const json& score : found) EXPECT_EQ(std::ranges::count(scores, score), 1) << score;
  EXPECT_EQ(scores_of(scratch_ / "study"), written);
  // DIR alone shows them at each run's end, and makes what is lost as training made it, on any
  // number of ranks.
  const Outcome shown = run("eval study --json");
  ASSERT_EQ(shown.status, 0) << shown.err;
  const json own = json::parse(shown.out).at("scores");
  ASSERT_EQ(own.size(), 2);
  for (const json& score : own) EXPECT_EQ(std::ranges::count(scores, score), 1) << score;
  for (const auto& [path, time] : written) {
    if (path.filename() != "study.mapping.20.h5") continue;
    const std::string lost = slurp(path);
    for (const char* ranks : {"", " --ranks 2", " --ranks 3"}) {
      fs::remove(path);
      const Outcome made = run(std::string("eval study --json") + ranks);
      EXPECT_EQ(made.out, shown.out) << ranks << made.err;
      EXPECT_EQ(slurp(path), lost) << ranks;
    }
  }
}

// Sums over ranks round otherwise, so that losses and scores differ in their last bits: one
// folder's run is kept, and its scores with it.
TEST_F(EvalTasks, OfRunsOfTwoLayoutsOneIsKeptWithItsScores) {
  write_study(scratch_.path(), "tokens: 1024, tasks: [mapping]");
  ASSERT_EQ(run("run study.yaml --out one").status, 0);
  const std::string study = slurp(scratch_ / "study.yaml");
  spill(scratch_ / "two.yaml", study + "run: {data_parallel: 2}\n");
  ASSERT_EQ(run("run two.yaml --out two --ranks 2").status, 0);
  const Outcome refused = run("merge one two --out joined");
  EXPECT_EQ(refused.status, 1);
  EXPECT_THAT(refused.err, HasSubstr("differs between one and two (loss of step"));
  // One run of each.
  std::vector<std::string> ids;
  for (const auto& entry : fs::directory_iterator(scratch_ / "one/runs"))
    ids.push_back(entry.path().filename());
  ASSERT_EQ(ids.size(), 2);
  fs::rename(scratch_ / "one/runs" / ids[0], scratch_ / "moved");
  fs::rename(scratch_ / "two/runs" / ids[1], scratch_ / "moved-too");
  const Outcome merged = run("merge one two --out joined --json");
  ASSERT_EQ(merged.status, 0) << merged.err;
  EXPECT_EQ(json::parse(merged.out).at("scores_left"), 0);
  for (const auto& [path, time] : scores_of(scratch_ / "joined")) {
    const fs::path name = path.lexically_relative(scratch_ / "joined");
    const bool of_two = name.string().find(ids[0]) != std::string::npos;
    EXPECT_EQ(slurp(path), slurp(scratch_ / (of_two ? "two" : "one") / name)) << name;
  }
  EXPECT_EQ(scores_of(scratch_ / "joined").size(), 4);
}

// An own card's rules are in its file: without it, or with another, its scores stay as they are.
TEST_F(EvalTasks, RecomputingWantsTheCardThatScored) {
  ASSERT_EQ(run("eval --model hf:model --tasks tasks --out one").status, 0);
  const std::string two = slurp(scratch_ / "one/own.two.h5");
  const Outcome without = run("eval one --recompute");
  EXPECT_EQ(without.status, 1);
  EXPECT_THAT(without.err, HasSubstr("name its folder by --tasks"));
  spill(scratch_ / "tasks/two.yaml", slurp(scratch_ / "tasks/two.yaml") + "# another\n");
  const Outcome other = run("eval one --recompute --tasks tasks --json");
  EXPECT_EQ(other.status, 1);
  EXPECT_THAT(other.err, HasSubstr("two (own) was scored by another version of its card"));
  EXPECT_EQ(json::parse(other.out).at("scores").size(), 1);  // four
  EXPECT_EQ(slurp(scratch_ / "one/own.two.h5"), two);
}

// The samples in publishers' forms hold one item or a few a data set: those with another to show
// are scored, the others and what is missing are named once, before training, and have no score.
TEST_F(EvalTasks, AStudysPublicTasksScoreEveryBudgetOfASharedRunAsItPasses) {
  const fs::path publishers = fs::path(test::checkout()) / "tests/harness/oneshot/publishers";
  fs::copy(publishers, scratch_ / "downloads", fs::copy_options::recursive);
  fs::remove_all(scratch_ / "downloads/hellaswag");
  ASSERT_EQ(run("data prepare-tasks downloads --out tasks.bin").status, 0);
  write_study(scratch_.path(),
              "tokens: 1024, tasks: [], task_data: tasks.bin, profile: gpt3, score_points: 3");
  const Outcome trained = run("run study.yaml --out study");
  ASSERT_EQ(trained.status, 0) << trained.err;
  EXPECT_THAT(
      trained.err,
      HasSubstr("not scored: hellaswag: data set 'hellaswag' is not in the task data file"));
  std::map<std::string, int> names;
  const WrittenFiles written = scores_of(scratch_ / "study");
  for (const auto& [path, time] : written) {
    const std::string trial = path.parent_path().filename();
    ++names[trial.substr(trial.find('-')) + "/" + path.filename().string()];
  }
  for (const char* task : {"piqa", "winograd", "lambada"}) {
    for (const char* step : {"9", "10"})
      EXPECT_EQ(names[std::string("-2560tokens/gpt3.") + task + "." + step + ".h5"], 2) << task;
    for (const char* step : {"18", "19", "20"})
      EXPECT_EQ(names[std::string("-5120tokens/gpt3.") + task + "." + step + ".h5"], 2) << task;
  }
  // A written answer of up to 64 tokens does not fit a model that reads 64.
  EXPECT_THAT(trained.err, HasSubstr("task naturalqs: 0 of its 1 items may be shown"));
  EXPECT_THAT(trained.err, HasSubstr("task coqa, item c1/1: its answer may take 64 tokens"));
  for (const auto& [name, count] : names)
    for (const char* task : {"hellaswag", "naturalqs", "coqa"})
      EXPECT_EQ(name.find(task), std::string::npos) << name;
  // `eval` finds made what the run scored at its newest checkpoint, with the same file.
  const Outcome scored = run("eval study --data tasks.bin --task piqa winograd --json");
  ASSERT_EQ(scored.status, 0) << scored.err;
  EXPECT_EQ(json::parse(scored.out).at("scores").size(), 4);
  EXPECT_EQ(scores_of(scratch_ / "study"), written);
  EXPECT_EQ(run("verify study").status, 0);
}

TEST_F(EvalTasks, TaskDataOfAnotherTokenizerStopAStudyBeforeItTrains) {
  ASSERT_EQ(run("data prepare '" + test::checkout() +
                "/corpus/stoker-dracula.txt' --tokenizer unigram:400 --out tokens")
                .status,
            0);
  ASSERT_EQ(run("data prepare-tasks '" + test::checkout() +
                "/tests/harness/oneshot/publishers' --tokenizer tokens --out tasks.bin")
                .status,
            0);
  write_study(scratch_.path(), "tokens: 1024, task_data: tasks.bin");
  const Outcome outcome = run("run study.yaml --out study");
  EXPECT_EQ(outcome.status, 2);
  EXPECT_THAT(outcome.err, HasSubstr("tasks.bin was made for another tokenizer (unigram:400"));
  EXPECT_FALSE(fs::exists(scratch_ / "study/scores"));
}

TEST_F(EvalTasks, ACardThatIsWrongStopsAStudyBeforeItTrains) {
  write_study(scratch_.path(), "tokens: 1024, tasks: [tasks]");
  spill(scratch_ / "tasks/two.yaml", "data: two\nsplit: test\nsplitt: test\n");
  for (const char* ranks : {"", " --ranks 2"}) {
    const Outcome outcome = run(std::string("run study.yaml --out study") + ranks);
    EXPECT_EQ(outcome.status, 2);
    EXPECT_THAT(outcome.err, HasSubstr("tasks/two.yaml:3: splitt")) << outcome.err;
    EXPECT_EQ(std::ranges::count(outcome.err, '\n'), 1) << outcome.err;
  }
  EXPECT_FALSE(fs::exists(scratch_ / "study"));
}

TEST_F(EvalTasks, RanksDivideTheItemsAndSayTheSame) {
  const Outcome alone = run("eval --model hf:model --tasks tasks --json --out one");
  const Outcome together = run("eval --model hf:model --tasks tasks --json --out two --ranks 2");
  ASSERT_EQ(together.status, 0) << together.err;
  EXPECT_EQ(together.out, alone.out);
  for (const char* task : {"two", "four"}) {
    const std::string file = std::string("/own.") + task + ".h5";
    EXPECT_EQ(slurp(scratch_ / ("one" + file)), slurp(scratch_ / ("two" + file)));
  }
}

// The uniform model's scores are one thing, those of another order of items no pair of it.
TEST_F(EvalTasks, ModelsAreComparedOnTheSameItems) {
  ASSERT_EQ(run("eval --model hf:model --tasks tasks --out one").status, 0);
  ASSERT_EQ(run("eval --model hf:model --tasks tasks --out two").status, 0);
  const Outcome same = run("compare --baseline one --candidate two --json");
  ASSERT_EQ(same.status, 0) << same.err;
  const json rows = json::parse(same.out).at("comparisons");
  ASSERT_EQ(rows.size(), 2);
  for (const json& row : rows) {
    EXPECT_EQ(row.at("items"), 6);
    EXPECT_EQ(row.at("difference"), 0);
    EXPECT_EQ(row.at("mcnemar"), nullptr);  // ties are shared: no item is right or wrong
  }
  ASSERT_EQ(run("eval --model hf:model --tasks tasks --out other --seed 5").status, 0);
  const Outcome refused = run("compare --baseline one --candidate other");
  EXPECT_EQ(refused.status, 1);
  EXPECT_THAT(refused.err, HasSubstr("seed of the suite is '0' for one model and '5'"));
}

TEST_F(EvalTasks, ArchitecturesOfAStudyAreComparedAtTheirLargestBudget) {
  write_study(scratch_.path(), "tokens: 1024, tasks: [tasks]");
  ASSERT_EQ(run("run study.yaml --out study").status, 0);
  const Outcome outcome = run("compare study --baseline transformer --candidate primer --json");
  ASSERT_EQ(outcome.status, 0) << outcome.err;
  const json rows = json::parse(outcome.out).at("comparisons");
  EXPECT_EQ(rows.size(), 2);
  for (const json& row : rows) {
    EXPECT_NEAR(row.at("difference").get<double>(),
                row.at("candidate").get<double>() - row.at("baseline").get<double>(), 1e-12);
    EXPECT_FALSE(row.at("interval").is_null());
  }
  const json trial = rows.at(0).at("candidate_trial");
  EXPECT_EQ(trial.at("architecture"), "primer");
  EXPECT_EQ(trial.at("size"), "s");
  EXPECT_EQ(trial.at("budget"), 5120);
  const Outcome table = run("compare study --baseline transformer --candidate primer");
  EXPECT_THAT(table.out, HasSubstr("\ncandidate: primer s, a budget of 5120 tokens, trial " +
                                   trial.at("trial").get<std::string>() + "\n"));
  // A file that one side needs cannot be read: the other task is compared, and the page is made.
  const fs::path damaged = scratch_ / "study/scores" / trial.at("trial").get<std::string>() /
                           ("own.two." + std::to_string(trial.at("step").get<int>()) + ".h5");
  const std::string whole = slurp(damaged);
  spill(damaged, whole.substr(0, 100));
  const Outcome rest = run("compare study --baseline transformer --candidate primer --json");
  EXPECT_EQ(rest.status, 0) << rest.err;
  EXPECT_EQ(json::parse(rest.out).at("comparisons").size(), 1);
  EXPECT_THAT(json::parse(rest.out).at("left_out").at(0).get<std::string>(),
              HasSubstr(damaged.filename().string()));
  const Outcome page = run("report study --bootstrap 10");
  EXPECT_EQ(page.status, 0) << page.err;
  EXPECT_THAT(page.err, HasSubstr("left out of the report: "));
  EXPECT_THAT(slurp(scratch_ / "study/report.html"), HasSubstr("<p>Left out: "));
  spill(damaged, whole);
  const Outcome no_task =
      run("compare study --baseline transformer --candidate primer --task nowhere");
  EXPECT_EQ(no_task.status, 2) << no_task.err;
  EXPECT_EQ(no_task.out, "");
  EXPECT_THAT(no_task.err, HasSubstr("task 'nowhere'"));
  const Outcome unknown = run("compare study --baseline transformer --candidate primr");
  EXPECT_EQ(unknown.status, 2);
  EXPECT_THAT(unknown.err, HasSubstr("did you mean 'primer'"));
}

TEST_F(EvalTasks, BadUsageIsRefusedWithWhatToDo) {
  spill(scratch_ / "foreign.bin", "no task data at all");
  const struct {
    const char* arguments;
    const char* problem;
  } cases[] = {
      {"eval --tasks tasks", "give DIR or --model"},
      {"eval somewhere", "somewhere is no folder"},
      {"eval tasks", "tasks: no run of it is finished"},
      {"eval somewhere --limit 5", "--limit is given without --data or --tasks"},
      {"eval somewhere --shots 0", "--shots is given without --data or --tasks"},
      {"eval somewhere --seed 1 --ranks 2", "--seed is given without --data or --tasks"},
      {"eval somewhere --tasks tasks --text foreign.bin", "--text is given beside tasks"},
      {"eval --model hf:model --tasks tasks --tokens t", "--tokens is given beside tasks"},
      {"eval somewhere --length 8 --tasks tasks", "--length is given beside tasks"},
      {"eval somewhere --out o", "its scores lie in DIR/scores"},
      {"eval somewhere --ranks 2", "somewhere is no folder"},
      {"eval somewhere --model hf:model --tasks tasks", "give one"},
      {"eval --model hf:model --tasks tasks --data t", "give one"},
      {"eval --model hf:model --tasks tasks --task fou", "did you mean 'four'"},
      {"eval --model hf:model --tasks tasks --shots -1", "--shots is -1"},
      {"eval --model hf:model --tasks tasks --limit 0", "--limit is below 1"},
      {"eval --model hf:model --tasks tasks --profile lmeval", "--profile is given beside --tasks"},
      {"eval --model hf:model --tasks tasks --out foreign.bin", "cannot write to foreign.bin"},
      {"eval --model hf:model --tasks tasks --out foreign.bin/o", "cannot write to foreign.bin/o"},
      {"eval --model hf:model --tasks tasks --ranks 0", "--ranks is 0"},
      {"eval --model hf:model --tasks tasks --task fou --ranks 2", "did you mean 'four'"},
      {"eval --model hf:model --text foreign.bin --ranks 2", "--ranks is given without tasks"},
      {"eval --model hf:model --text foreign.bin --launcher srun", "without --ranks"},
      {"eval --model hf:model --tasks tasks --launcher srun", "without --ranks"},
      {"eval somewhere --launcher srun", "without --ranks"},
      {"eval somewhere --recompute --launcher srun", "leave out one"},
      {"eval --recompute", "--recompute names no folder"},
      {"eval somewhere --recompute", "somewhere: no stored scores"},
      {"eval somewhere --recompute --model hf:model", "leave out one"},
      {"compare --baseline one", "--candidate is missing"},
      {"compare --baseline one --candidate one", "nothing to compare"},
      {"compare --baseline one --candidate two", "one: no scores"},
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
  const std::string source = test::checkout();
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
