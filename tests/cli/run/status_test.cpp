// `isoloss status` beside a run that trains, of what it left half-way, and of trials that failed.
#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <signal.h>
#include <unistd.h>

#include <filesystem>
#include <nlohmann/json.hpp>
#include <sstream>
#include <string>
#include <vector>

#include "tests/cli/program.h"
#include "tests/places.h"

namespace isoloss::test {
namespace {

using nlohmann::json;
using testing::HasSubstr;
using testing::Not;

class Status : public testing::Test {
 protected:
  Status() {
    std::string text;
    for (unsigned i = 1; text.size() < 60'000; i = i * 1103515245u + 12345u)
      text += std::string(1, static_cast<char>('a' + (i >> 16) % 9)) + ((i >> 20) % 5 ? "" : " ");
    spill(scratch_ / "text.txt", text);
  }
  // 64 tokens a step.
  void write_study(const std::string& tokens, const std::string& rates,
                   const std::string& seeds) const {
    spill(scratch_ / "study.yaml",
          "study: watched\n"
          "data: {text: text.txt, tokenizer: bytes, validation: 0.2}\n"
          "model: {layers: 1, d_head: 8, sequence: 32}\n"
          "optimizer: {warmup_steps: 10, batch_tokens: 64}\n"
          "grid:\n"
          "  architecture: [transformer]\n"
          "  size: [{name: s, d_model: 16}]\n"
          "  budget: {tokens: " +
              tokens + "}\n  learning_rate: " + rates + "\n  seed: " + seeds +
              "\nevaluate: {tokens: 1024}\n");
  }
  Outcome isoloss(const std::string& arguments) const {
    return test::isoloss(arguments, scratch_.path());
  }
  json status(const std::string& options = "") const {
    return json::parse(isoloss("status out --json " + options).out);
  }
  // In the background of a shell, which writes its exit status to `name`.status when it is over.
  pid_t start(const std::string& name, const std::string& arguments) const {
    const std::string at = (scratch_ / name).string();
    const std::string command =
        "cd '" + scratch_.path().string() + "' && { '" + test::program() + "' " + arguments + " >" +
        at + ".out 2>" + at + ".err </dev/null & echo $! >" + at + ".pid; wait $!; echo $? >" + at +
        ".part; mv " + at + ".part " + at + ".status; } >/dev/null 2>&1 &";
    if (std::system(command.c_str()) != 0) return 0;
    for (int hundredth = 0; hundredth < 3000; ++hundredth, ::usleep(10'000))
      if (const std::string pid = slurp(at + ".pid"); pid.ends_with('\n')) return std::stoi(pid);
    return 0;
  }
  // Its exit status; -1 where it is not over in two minutes.
  int wait_for(const std::string& name) const {
    for (int hundredth = 0; hundredth < 12'000; ++hundredth, ::usleep(10'000))
      if (const std::string told = slurp(scratch_ / (name + ".status")); told.ends_with('\n'))
        return std::stoi(told);
    return -1;
  }
  // Lines of the text that say something of one trial each.
  static std::vector<std::string> trial_lines(const std::string& text) {
    std::vector<std::string> lines;
    std::istringstream all(text);
    for (std::string line; std::getline(all, line);)
      if (line.find(" [") != std::string::npos) lines.push_back(line);
    return lines;
  }

  TemporaryFolder scratch_;
};

TEST_F(Status, OfAStudyHalfOfWhichIsTrained) {
  write_study("[640, 1280]", "[0.03]", "[0, 1]");
  ASSERT_EQ(isoloss("run study.yaml --out out --only '*-640tokens'").status, 0);
  const Outcome short_one = isoloss("status out");
  EXPECT_EQ(short_one.status, 0) << short_one.err;
  EXPECT_THAT(short_one.out, HasSubstr("watched: 50 % of the compute\n"));
  EXPECT_THAT(short_one.out, HasSubstr("2 done, 0 running, 2 waiting, 0 failed"));
  EXPECT_TRUE(trial_lines(short_one.out).empty()) << short_one.out;
  // 10 of the 20 steps of those that wait are there.
  const auto lines = trial_lines(isoloss("status out --all").out);
  const std::vector<std::string> want = {
      "done        [##########] 100 %  transformer s  lr 0.03  seed 0  640tokens",
      "waiting     [#####.....]  50 %  transformer s  lr 0.03  seed 0  1280tokens",
      "done        [##########] 100 %  transformer s  lr 0.03  seed 1  640tokens",
      "waiting     [#####.....]  50 %  transformer s  lr 0.03  seed 1  1280tokens"};
  EXPECT_THAT(lines, testing::UnorderedElementsAreArray(want));
  EXPECT_TRUE(status().at("trial_states").empty());
  const json all = status("--all");
  ASSERT_EQ(all.at("trial_states").size(), 4U);
  for (const json& trial : all.at("trial_states")) {
    EXPECT_EQ(trial.at("architecture"), "transformer");
    EXPECT_EQ(trial.at("learning_rate"), 0.03);
    EXPECT_EQ(trial.at("step"), 10);
  }
}

// Long enough to be seen; stopped, and watched to its end.
TEST_F(Status, OfARunThatTrainsAndWatchedUntilItIsDone) {
  write_study("[1280000]", "[0.03]", "[0]");
  const pid_t running = start("run", "run study.yaml --out out");
  ASSERT_GT(running, 0);
  json seen;
  for (int tenth = 0; tenth < 600; ++tenth, ::usleep(100'000)) {
    if (!std::filesystem::exists(scratch_ / "out/study.yaml")) continue;
    seen = status();
    if (seen.at("trials").at("running") == 1 && seen.at("tokens_per_second") > 0) break;
  }
  ASSERT_EQ(seen.at("trials").at("running"), 1);
  ASSERT_EQ(seen.at("trial_states").size(), 1U);
  EXPECT_EQ(seen.at("trial_states")[0].at("state"), "running");
  EXPECT_GT(seen.at("trial_states")[0].at("step"), 0);
  EXPECT_EQ(seen.at("trial_states")[0].at("steps"), 20'000);
  const std::string text = isoloss("status out").out;
  EXPECT_THAT(text,
              testing::ContainsRegex("of the compute, .* FLOP/s, .*k tokens/s, about .* left"));
  ASSERT_EQ(trial_lines(text).size(), 1U) << text;
  EXPECT_THAT(trial_lines(text)[0], testing::StartsWith("running     ["));
  EXPECT_LE(trial_lines(text)[0].size(), 80U);
  EXPECT_THAT(text, HasSubstr("rank 0  transformer s"));

  ASSERT_EQ(::kill(running, SIGTERM), 0);
  ASSERT_EQ(wait_for("run"), 3);
  const json stopped = status("--all");
  EXPECT_EQ(stopped.at("trials").at("waiting"), 1);
  EXPECT_EQ(stopped.at("trial_states")[0].at("state"), "waiting");
  const int saved = stopped.at("trial_states")[0].at("step");
  EXPECT_GT(saved, 0);
  EXPECT_LT(saved, 20'000);
  EXPECT_THAT(isoloss("status out").out, Not(HasSubstr("tokens/s")));

  ASSERT_GT(start("watch", "status out --watch"), 0);
  ASSERT_EQ(isoloss("run study.yaml --out out").status, 0);
  EXPECT_EQ(wait_for("watch"), 0);
  const std::string watched = slurp(scratch_ / "watch.out");
  EXPECT_THAT(watched, testing::StartsWith("watched: "));
  EXPECT_THAT(watched, testing::EndsWith("watched: 100 % of the compute\n"
                                         "trials: 1 done, 0 running, 0 waiting, 0 failed, 0 "
                                         "quarantined\n"));
  EXPECT_THAT(watched, Not(HasSubstr("\x1b")));
}

// A rate of 1e30 overflows within the first steps.
TEST_F(Status, NamesTrialsThatDivergedAndWhy) {
  write_study("[1280]", "[0.03, 1e30]", "[7]");
  ASSERT_EQ(isoloss("run study.yaml --out out").status, 1);
  const std::string text = isoloss("status out").out;
  EXPECT_THAT(text, HasSubstr("1 done, 0 running, 0 waiting, 1 failed"));
  ASSERT_EQ(trial_lines(text).size(), 1U) << text;
  EXPECT_THAT(trial_lines(text)[0], testing::StartsWith("diverged    ["));
  EXPECT_THAT(trial_lines(text)[0], HasSubstr("transformer s  lr 1e+30  seed 7  1280tokens"));
  EXPECT_THAT(text, testing::ContainsRegex(
                        "failed: .*-1280tokens \\(transformer s, lr 1e\\+30, seed 7\\): .*not "
                        "finite at step"));
  const json failures = status().at("failures");
  ASSERT_EQ(failures.size(), 1U);
  EXPECT_EQ(failures[0].at("architecture"), "transformer");
  EXPECT_EQ(failures[0].at("size"), "s");
  EXPECT_EQ(failures[0].at("seed"), 7);
  EXPECT_EQ(failures[0].at("learning_rate"), 1e30);
  EXPECT_EQ(failures[0].at("attempts"), 0);
  EXPECT_THAT(failures[0].at("reason").get<std::string>(), HasSubstr("not finite at step"));
}

TEST_F(Status, TrialsWhoseSearchHasNoWinnerHaveFailed) {
  write_study("[640, 1280]", "{search: [1e29, 1e30], decide_at: {tokens: 640, size: s}}", "[7]");
  ASSERT_EQ(isoloss("run study.yaml --out out").status, 1);
  const std::string text = isoloss("status out").out;
  EXPECT_THAT(text, HasSubstr("0 done, 0 running, 0 waiting, 2 failed"));
  ASSERT_EQ(trial_lines(text).size(), 2U) << text;
  for (const std::string& line : trial_lines(text))
    EXPECT_THAT(line, testing::StartsWith("failed      ["));
  EXPECT_EQ(status().at("trial_states").at(0).at("state"), "skipped");
}

// As two deaths leave it: the others are trained, and what was given up is named by all who look.
TEST_F(Status, NamesTrialsThatWereGivenUpAndWhyAsRunAndReportDo) {
  write_study("[640]", "[0.03]", "[0, 1]");
  const json plan = json::parse(isoloss("plan study.yaml --json").out);
  std::string broken;
  for (const json& trial : plan.at("trials"))
    if (trial.at("seed") == 1) broken = trial.at("run");
  ASSERT_FALSE(broken.empty());
  for (const int attempt : {1, 2}) {
    const json content = {{"format", "isoloss attempt"},
                          {"version", 1},
                          {"attempt", attempt},
                          {"reason", "died while training (SIGSEGV)"}};
    const auto file =
        scratch_ / ("out/runs/" + broken) / ("attempt-" + std::to_string(attempt) + ".json");
    std::filesystem::create_directories(file.parent_path());
    spill(file, content.dump());
  }
  const Outcome ran = isoloss("run study.yaml --out out");
  EXPECT_EQ(ran.status, 1);
  EXPECT_THAT(ran.err, HasSubstr("SIGSEGV"));
  const std::string text = isoloss("status out").out;
  EXPECT_THAT(text, HasSubstr("1 done, 0 running, 0 waiting, 0 failed, 1 quarantined"));
  EXPECT_THAT(text, testing::ContainsRegex("seed 1.*SIGSEGV"));
  const json failures = status().at("failures");
  ASSERT_EQ(failures.size(), 1U);
  EXPECT_EQ(failures[0].at("seed"), 1);
  EXPECT_EQ(failures[0].at("attempts"), 2);
  EXPECT_EQ(failures[0].at("reason"), "died while training (SIGSEGV)");
  ASSERT_EQ(isoloss("report out --bootstrap 50").status, 0);
  EXPECT_THAT(slurp(scratch_ / "out/report.html"),
              HasSubstr("given up after 2 attempts: died while training (SIGSEGV)"));
}

}  // namespace
}  // namespace isoloss::test
