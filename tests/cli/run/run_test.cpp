// `isoloss run` from outside, on a study of seconds: the main path end to end, and what it refuses.
#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <sys/mount.h>
#include <unistd.h>

#include <algorithm>
#include <chrono>
#include <cmath>
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
using testing::HasSubstr;

// Sentences from a few words: enough for a tiny model to learn something in fifty steps.
std::string text_of(std::size_t bytes) {
  const char* words[] = {"the", "river", "runs", "over", "stones", "and", "nobody", "hears"};
  std::string text;
  for (unsigned i = 1; text.size() < bytes; i = i * 1103515245u + 12345u) {
    text += words[(i >> 16) % 8];
    text += (i >> 20) % 6 == 0 ? ".\n" : " ";
  }
  return text;
}

std::string study_of(const std::string& name, const std::string& budgets = "[2e7, 4e7, 8e7]") {
  return "study: " + name +
         "\n"
         "data: {text: text.txt, tokenizer: bytes, validation: 0.2}\n"
         "model: {layers: 1, d_head: 8, sequence: 32}\n"
         "optimizer: {warmup_tokens: 2560, batch_tokens: 256}\n"
         "grid:\n"
         "  architecture: [transformer, primer]\n"
         "  size: [{name: s, d_model: 8}, {name: m, d_model: 16}]\n"
         "  budget: {flops: " +
         budgets +
         "}\n"
         "  learning_rate: {search: [0.03, 0.05], decide_at: {flops: 4e7, size: s}}\n"
         "  seed: [0, 1]\n"
         "evaluate: {tokens: 1024, tasks: []}\n";
}

class Run : public testing::Test {
 protected:
  Run() {
    spill(scratch_ / "text.txt", text_of(60'000));
    spill(scratch_ / "study.yaml", study_of("tiny"));
  }
  Outcome isoloss(const std::string& arguments) const {
    return test::isoloss(arguments, scratch_.path());
  }
  // Progress may come first; the error is the last line and the only one of its kind.
  void expect_one_line(const Outcome& outcome, int status) const {
    EXPECT_EQ(outcome.status, status) << outcome.err;
    std::istringstream lines(outcome.err);
    std::string last;
    int errors = 0;
    for (std::string line; std::getline(lines, line); last = line)
      errors += line.find(" (") != std::string::npos && line.find("); ") != std::string::npos;
    EXPECT_EQ(errors, 1) << outcome.err;
    EXPECT_THAT(last, testing::AllOf(testing::StartsWith("isoloss: "), HasSubstr("); ")));
  }
  // The losses of every trial, each in full.
  std::string losses(const std::string& folder) const {
    const Outcome outcome = isoloss("points " + folder);
    EXPECT_EQ(outcome.status, 0) << outcome.err;
    std::string kept;
    std::istringstream lines(outcome.out);
    for (std::string line; std::getline(lines, line);) {
      std::istringstream cells(line);
      std::string cell;
      for (int column = 0; std::getline(cells, cell, ','); ++column)
        if (column != 11) kept += cell + ",";  // wall_seconds differ
      kept += "\n";
    }
    return kept;
  }

  TemporaryFolder scratch_;
};

TEST_F(Run, OneRankAndTwoRanksGiveTheSameBits) {
  ASSERT_EQ(isoloss("run study.yaml --out one").status, 0);
  const Outcome two = isoloss("run study.yaml --out two --ranks 2");
  ASSERT_EQ(two.status, 0) << two.err;
  const std::string losses_of_one = losses("one");
  EXPECT_GT(std::count(losses_of_one.begin(), losses_of_one.end(), '\n'), 24);
  EXPECT_EQ(losses_of_one, losses("two"));
  EXPECT_EQ(isoloss("verify one").status, 0);
  EXPECT_EQ(isoloss("verify two").status, 0);
}

TEST_F(Run, AFinishedStudyTrainsNothingAndAnExtendedOneOnlyWhatIsNew) {
  ASSERT_EQ(isoloss("run study.yaml --out out").status, 0);
  std::map<std::string, fs::file_time_type> before;
  for (const auto& entry : fs::recursive_directory_iterator(scratch_ / "out/runs"))
    if (entry.path().filename() == "run.h5")
      before[entry.path().string()] = entry.last_write_time();
  ASSERT_EQ(isoloss("run study.yaml --out out").status, 0);
  for (const auto& [file, time] : before) EXPECT_EQ(fs::last_write_time(file), time) << file;

  std::string extended = study_of("tiny");
  extended.replace(extended.find("seed: [0, 1]"), 12, "seed: [0, 1, 2]");
  spill(scratch_ / "study.yaml", extended);
  const Outcome more = isoloss("run study.yaml --out out");
  ASSERT_EQ(more.status, 0) << more.err;
  for (const auto& [file, time] : before) EXPECT_EQ(fs::last_write_time(file), time) << file;
  const json status = json::parse(isoloss("status out --json").out);
  EXPECT_EQ(status.at("trials").at("done"), 36);
  EXPECT_EQ(status.at("trials").at("waiting"), 0);
}

// As of a variable of the shell that is not set: everything would be trained.
TEST_F(Run, AnEmptyPatternOfTrialsIsRefused) {
  const Outcome outcome = isoloss("run study.yaml --out out --only ''");
  expect_one_line(outcome, 2);
  EXPECT_THAT(outcome.err, HasSubstr("--only is empty ("));
  EXPECT_FALSE(fs::exists(scratch_ / "out"));
}

// Of 600 bytes held out 300 are reported: no sixteen last words.
TEST_F(Run, TasksThatTheDataGiveNoItemsAreNamedOnce) {
  spill(scratch_ / "text.txt", text_of(3'000));
  std::string study = study_of("tiny");
  study.replace(study.find("1024, tasks: []"), 15, "256, tasks: [last-word]");
  spill(scratch_ / "study.yaml", study);
  const Outcome outcome = isoloss("run study.yaml --out out");
  ASSERT_EQ(outcome.status, 0) << outcome.err;
  const std::string said = "isoloss: not scored: last-word (";
  EXPECT_THAT(outcome.err, HasSubstr(said));
  EXPECT_EQ(outcome.err.find(said), outcome.err.rfind(said)) << outcome.err;
}

// As into a log on a full disk, or with no standard error at all, whose number a file of the study
// would have and messages in it.
TEST_F(Run, MessagesThatNobodyTakesKeepNothingFromTraining) {
  spill(scratch_ / "text.txt", text_of(3'000));
  std::string study = study_of("tiny");
  study.replace(study.find("1024, tasks: []"), 15, "256, tasks: [last-word]");
  spill(scratch_ / "study.yaml", study);
  for (const std::string nowhere : {">/dev/full", ">&-"}) {
    SCOPED_TRACE(nowhere);
    const std::string out = nowhere == ">&-" ? "closed" : "full";
    const std::string command = "cd '" + scratch_.path().string() + "' && '" + test::program() +
                                "' run study.yaml --out " + out + " 2" + nowhere;
    EXPECT_EQ(std::system(command.c_str()), 0);
    EXPECT_EQ(json::parse(isoloss("status " + out + " --json").out).at("trials").at("waiting"), 0);
    for (const auto& entry : fs::recursive_directory_iterator(scratch_ / out)) {
      if (entry.is_regular_file() && entry.path().parent_path().filename() != "logs") {
        EXPECT_EQ(slurp(entry.path()).find("isoloss: "), std::string::npos) << entry.path();
      }
    }
  }
}

// One of three equal documents chooses learning rates, one is reported, one is trained on.
TEST_F(Run, WholeDocumentsThatTakeFarMoreThanTheShareHeldOutAreSaidOnce) {
  for (const char* name : {"a", "b", "c"})
    spill(scratch_ / (std::string("text-") + name + ".txt"), name + text_of(2'999));
  std::string study = study_of("tiny");
  study.replace(study.find("text: text.txt"), 14, "text: text-*.txt");
  spill(scratch_ / "few.yaml", study);
  const Outcome few = isoloss("run few.yaml --out few");
  ASSERT_EQ(few.status, 0) << few.err;
  const std::string said = "isoloss: 67 % of the text is held out, where 20 % is asked for (whole";
  EXPECT_THAT(few.err, HasSubstr(said));
  EXPECT_EQ(few.err.find(said), few.err.rfind(said)) << few.err;
  EXPECT_THAT(isoloss("data prepare 'text-*.txt' --validation 0.2 --out tokens").err,
              HasSubstr(said));
  const Outcome one = isoloss("run study.yaml --out one");
  ASSERT_EQ(one.status, 0) << one.err;
  EXPECT_THAT(one.err, testing::Not(HasSubstr("is held out")));
}

TEST_F(Run, TheReportHoldsWhatTheStudyTrained) {
  ASSERT_EQ(isoloss("run study.yaml --out out").status, 0);
  const Outcome report = isoloss("report out --bootstrap 50 --tensorboard logs");
  ASSERT_EQ(report.status, 0) << report.err;
  std::size_t runs = 0, logs = 0;
  for (const auto& run : fs::directory_iterator(scratch_ / "out/runs"))
    runs += fs::exists(run.path() / "run.h5");
  for (const auto& log : fs::directory_iterator(scratch_ / "logs"))
    logs += fs::file_size(log.path() / "events.out.tfevents.0.isoloss") > 100;
  EXPECT_EQ(logs, runs);
  EXPECT_THAT(report.out, HasSubstr("event files: logs (" + std::to_string(runs) + " runs)"));
  EXPECT_THAT(report.out, HasSubstr("out/report.html"));
  // A run that two folders hold is one; bad options write nothing.
  fs::copy(scratch_ / "out", scratch_ / "copy", fs::copy_options::recursive);
  const Outcome twice = isoloss("report out copy --out both --bootstrap 20 --tensorboard logs");
  EXPECT_THAT(twice.out, HasSubstr("event files: logs (" + std::to_string(runs) + " runs)"));
  EXPECT_EQ(isoloss("report out --bootstrap -1 --tensorboard unwritten").status, 2);
  EXPECT_FALSE(fs::exists(scratch_ / "unwritten"));
  const std::string page = slurp(scratch_ / "out/report.html");
  for (const char* part : {"<svg", "primer", "transformer", "Seed noise", "Study card"})
    EXPECT_THAT(page, HasSubstr(part));
  EXPECT_EQ(page.find("http"), page.find("http://www.w3.org"))
      << "something is loaded from outside";
}

// What a folder's analyses say follows from its points: the same as from the CSV of them, by which
// `predict` goes on. (Intervals may differ, because a folder knows losses by sequence.)
TEST_F(Run, TheAnalysesOfAFolderAreThoseOfItsPoints) {
  ASSERT_EQ(isoloss("run study.yaml --out out").status, 0);
  spill(scratch_ / "points.csv", isoloss("points out").out);
  const auto parsed = [&](const std::string& command) {
    const Outcome outcome = isoloss(command);
    EXPECT_EQ(outcome.status, 0) << command << '\n' << outcome.err;
    return outcome.status == 0 ? json::parse(outcome.out) : json::object();
  };
  const std::string fit = " --architecture transformer --floor zero --bootstrap 0 --json";
  for (const std::string law : {" --law power --frontier points",
                                " --law power --frontier envelope", " --law chinchilla"}) {
    SCOPED_TRACE(law);
    const json folder = parsed("fit out" + law + fit);
    EXPECT_EQ(folder.at("status"), "converged");
    EXPECT_EQ(folder.at("parameters"), parsed("fit points.csv" + law + fit).at("parameters"));
  }
  const std::string savings =
      " --baseline transformer --candidate primer --frontier points"
      " --floor zero --bootstrap 50 --json";
  const json of_folder = parsed("savings out" + savings);
  const json of_points = parsed("savings points.csv" + savings);
  ASSERT_FALSE(of_folder.at("at").empty());
  EXPECT_EQ(of_folder.at("parallel").at("savings"), of_points.at("parallel").at("savings"));
  EXPECT_EQ(of_folder.at("frontier_overlap"), of_points.at("frontier_overlap"));
  EXPECT_TRUE(of_folder.at("seed_noise").at("measured"));
  EXPECT_FALSE(of_folder.at("at")[0].at("interval").is_null());
  spill(scratch_ / "fit.json", isoloss("fit out --law power --frontier points" + fit).out);
  const json predicted = parsed("predict fit.json --flops 1.6e8 --json");
  const json law = json::parse(slurp(scratch_ / "fit.json")).at("parameters");
  EXPECT_NEAR(predicted.at("loss").get<double>(),
              law.at("a").get<double>() * std::pow(1.6e8, -law.at("b").get<double>()), 1e-9);
}

TEST_F(Run, StopsOnATimeLimitWithItsStateSavedAndGoesOn) {
  const Outcome stopped = isoloss("run study.yaml --out out --time-limit 0.05");
  EXPECT_EQ(stopped.status, 3) << stopped.err;
  EXPECT_EQ(isoloss("run study.yaml --out out").status, 0);
  ASSERT_EQ(isoloss("run study.yaml --out whole").status, 0);
  EXPECT_EQ(losses("out"), losses("whole"));
}

// Slurm's variable says that the allocation ends in ten seconds; the study would take hours. With
// and without a supervisor; that such a stop changes no number the time limit's test shows.
TEST_F(Run, StopsBeforeItsAllocationEnds) {
  spill(scratch_ / "study.yaml", study_of("tiny", "[2e7, 4e7, 4e13]"));
  for (const std::string ranks : {"", " --ranks 2"}) {
    const auto now = std::chrono::system_clock::now().time_since_epoch();
    const std::string end =
        std::to_string(std::chrono::duration_cast<std::chrono::seconds>(now).count() + 10);
    ::setenv("SLURM_JOB_END_TIME", end.c_str(), 1);
    const Outcome stopped = isoloss("run study.yaml --out out" + ranks);
    ::unsetenv("SLURM_JOB_END_TIME");
    EXPECT_EQ(stopped.status, 3) << stopped.err;
    EXPECT_EQ(isoloss("verify out").status, 0);
  }
}

// What `report` sets beside each other is in the folder of a study that one start trained whole, or
// one start after another, and not in that of one whose grid grew meanwhile.
TEST_F(Run, TheReportSetsTimeAndMemoryBesideWhatWasPredicted) {
  ASSERT_EQ(isoloss("run study.yaml --out whole --ranks 2").status, 0);
  EXPECT_EQ(isoloss("run study.yaml --out halves --time-limit 0.05").status, 3);
  ASSERT_EQ(isoloss("run study.yaml --out halves").status, 0);
  EXPECT_EQ(isoloss("run study.yaml --out grown --time-limit 0.05").status, 3);
  spill(scratch_ / "study.yaml", study_of("tiny", "[2e7, 4e7, 8e7, 1.6e8]"));
  ASSERT_EQ(isoloss("run study.yaml --out grown").status, 0);
  for (const std::string folder : {"whole", "halves", "grown"}) {
    ASSERT_EQ(isoloss("report " + folder + " --bootstrap 50").status, 0);
    const std::string page = slurp(scratch_ / (folder + "/report.html"));
    EXPECT_THAT(page, HasSubstr("Memory of a rank predicted for each run"));
    EXPECT_EQ(page.find("Time of training the whole study") != std::string::npos,
              folder != "grown");
    EXPECT_EQ(isoloss("verify " + folder).status, 0);
  }
  const json makespan = json::parse(slurp(scratch_ / "whole/makespan.json"));
  EXPECT_EQ(makespan.at("ranks"), 2);
  EXPECT_EQ(makespan.at("starts"), 1);
  EXPECT_GT(makespan.at("seconds"), 0);
  EXPECT_GT(makespan.at("predicted_seconds"), 0);
  const json halves = json::parse(slurp(scratch_ / "halves/makespan.json"));
  EXPECT_EQ(halves.at("starts"), 2);
  EXPECT_GT(halves.at("seconds"), halves.at("earlier_seconds"));
  EXPECT_GT(halves.at("earlier_seconds"), 0);
}

TEST_F(Run, RefusesTheFolderOfAnotherStudy) {
  ASSERT_EQ(isoloss("run study.yaml --out out --only primer").status, 0);
  spill(scratch_ / "other.yaml", study_of("other"));
  for (const char* ranks : {"", " --ranks 2"}) {
    const Outcome outcome = isoloss(std::string("run other.yaml --out out") + ranks);
    expect_one_line(outcome, 2);
    EXPECT_THAT(outcome.err, HasSubstr("another study"));
  }
}

TEST_F(Run, RefusesALauncherThatHasNothingToStart) {
  for (const char* launcher : {"srun", "mpirun"}) {
    const Outcome outcome = isoloss(std::string("run study.yaml --out out --launcher ") + launcher);
    expect_one_line(outcome, 2);
    EXPECT_THAT(outcome.err, HasSubstr("--launcher is given without --ranks"));
  }
  EXPECT_FALSE(std::filesystem::exists(scratch_ / "out"));
}

// 170 TB of processes; this mpirun would start none.
TEST_F(Run, RefusesMoreRanksThanTheMachinesMemoryHolds) {
  const std::string before = std::getenv("PATH");
  spill(scratch_ / "bin/mpirun", "#!/bin/sh\nexit 1\n");
  fs::permissions(scratch_ / "bin/mpirun", fs::perms::owner_all);
  ::setenv("PATH", ((scratch_ / "bin").string() + ":" + before).c_str(), 1);
  ::setenv("SLURM_JOB_NUM_NODES", "1", 1);
  const Outcome outcome = isoloss("run study.yaml --out out --ranks 1000000");
  ::unsetenv("SLURM_JOB_NUM_NODES");
  ::setenv("PATH", before.c_str(), 1);
  expect_one_line(outcome, 2);
  EXPECT_THAT(outcome.err, HasSubstr("--ranks is 1000000 (a rank's process takes 170.0 MB before"));
  EXPECT_FALSE(fs::exists(scratch_ / "out"));
}

std::string replaced(std::string text, const std::string& what, const std::string& by) {
  return text.replace(text.find(what), what.size(), by);
}

TEST_F(Run, RefusesAStudyFileThatMeansAnotherThingNow) {
  ASSERT_EQ(isoloss("run study.yaml --out out --only primer").status, 0);
  const std::string stored = slurp(scratch_ / "out/study.yaml");
  const std::string other = replaced(study_of("tiny"), "batch_tokens: 256", "batch_tokens: 128");
  spill(scratch_ / "study.yaml", replaced(other, "d_head: 8", "d_head: 4"));
  for (const char* ranks : {"", " --ranks 2"}) {
    const Outcome outcome = isoloss(std::string("run study.yaml --out out") + ranks);
    expect_one_line(outcome, 2);
    EXPECT_THAT(outcome.err, HasSubstr("study.yaml:3: model.d_head: changed from 8 to 4 and "
                                       "optimizer.batch_tokens from 256 to 128 since out was"));
    EXPECT_THAT(outcome.err, HasSubstr("another --out"));
  }
  EXPECT_EQ(slurp(scratch_ / "out/study.yaml"), stored);
}

TEST_F(Run, AStudyFileMayChangeWhatIsNoPartOfARun) {
  ASSERT_EQ(isoloss("run study.yaml --out out --only primer").status, 0);
  const std::string whole = losses("out");
  fs::rename(scratch_ / "text.txt", scratch_ / "moved.txt");
  const std::string moved = replaced(study_of("tiny"), "text.txt", "moved.txt");
  spill(scratch_ / "study.yaml", moved + "run: {time_limit: 1h, checkpoint_every: 5m}\n");
  EXPECT_EQ(isoloss("run study.yaml --out out --only primer").status, 0);
  EXPECT_EQ(losses("out"), whole);
  EXPECT_THAT(slurp(scratch_ / "out/study.yaml"), HasSubstr("time_limit: 1h"));
  spill(scratch_ / "text.txt", text_of(50'000));
  spill(scratch_ / "study.yaml", study_of("tiny"));
  const Outcome outcome = isoloss("run study.yaml --out out --only primer");
  expect_one_line(outcome, 2);
  EXPECT_THAT(outcome.err, HasSubstr("study.yaml:2: data.text: changed from moved.txt to"));
}

TEST_F(Run, AStudyFolderRemembersGridValuesThatWereTakenOut) {
  ASSERT_EQ(isoloss("run study.yaml --out out --only primer").status, 0);
  const std::string whole = losses("out"), stored = slurp(scratch_ / "out/study.yaml");
  const std::string size = ", {name: m, d_model: 16}";
  spill(scratch_ / "study.yaml", replaced(study_of("tiny"), size, ""));
  EXPECT_EQ(isoloss("run study.yaml --out out --only primer").status, 0);
  EXPECT_EQ(losses("out"), whole);
  EXPECT_EQ(slurp(scratch_ / "out/study.yaml"), stored);
  spill(scratch_ / "study.yaml",
        replaced(study_of("tiny"), size, ", {name: m, d_model: 16, d_ff: 16}"));
  const Outcome outcome = isoloss("run study.yaml --out out --only primer");
  expect_one_line(outcome, 2);
  EXPECT_THAT(outcome.err, HasSubstr("grid.size (m): changed from {d_model: 16, name: m} to"));
}

// A first try is mended in place, and a damaged copy says nothing.
TEST_F(Run, AStudyFileMayChangeWhereNothingIsTrainedOrTheStoredOneIsDamaged) {
  fs::create_directory(scratch_ / "out");
  spill(scratch_ / "out/stop", "");
  ASSERT_EQ(isoloss("run study.yaml --out out").status, 3);
  fs::remove(scratch_ / "out/stop");
  spill(scratch_ / "study.yaml",
        replaced(study_of("tiny"), "batch_tokens: 256", "batch_tokens: 128"));
  ASSERT_EQ(isoloss("run study.yaml --out out --only primer").status, 0);
  const std::string stored = slurp(scratch_ / "out/study.yaml");
  spill(scratch_ / "out/study.yaml", replaced(stored, "batch_tokens: 128", "batch_tokens: 129"));
  EXPECT_EQ(isoloss("verify out").status, 1);
  EXPECT_EQ(isoloss("run study.yaml --out out --only primer").status, 0);
  EXPECT_EQ(slurp(scratch_ / "out/study.yaml"), stored);
}

TEST_F(Run, RefusesATextTooShortForItsValidationPart) {
  spill(scratch_ / "text.txt", text_of(300));
  const Outcome outcome = isoloss("run study.yaml --out out");
  expect_one_line(outcome, 2);
  EXPECT_THAT(outcome.err, HasSubstr("text.txt"));
}

TEST_F(Run, RefusesATruncatedTokenFile) {
  ASSERT_EQ(isoloss("run study.yaml --out out --only primer").status, 0);
  fs::path tokens;
  for (const auto& entry : fs::directory_iterator(scratch_ / "out/data"))
    if (entry.path().extension() == ".bin") tokens = entry.path();
  ASSERT_FALSE(tokens.empty());
  fs::resize_file(tokens, fs::file_size(tokens) / 2);
  const Outcome outcome = isoloss("run study.yaml --out out");
  expect_one_line(outcome, 2);
  EXPECT_THAT(outcome.err, HasSubstr(tokens.filename().string()));
}

TEST_F(Run, ADamagedRunFileEndsItsTrialsAlone) {
  ASSERT_EQ(isoloss("run study.yaml --out out --only primer").status, 0);
  for (const auto& entry : fs::directory_iterator(scratch_ / "out/runs"))
    fs::resize_file(entry.path() / "run.h5", 100);
  const Outcome outcome = isoloss("run study.yaml --out out --only primer");
  EXPECT_EQ(outcome.status, 1);
  EXPECT_THAT(outcome.err, HasSubstr("failed: cannot read out/runs/"));
  EXPECT_THAT(outcome.err, HasSubstr("run.h5 ("));
  EXPECT_EQ(isoloss("verify out").status, 1);
}

TEST_F(Run, WhatRepairSetAsideIsTrainedAgainToTheSameLosses) {
  ASSERT_EQ(isoloss("run study.yaml --out out").status, 0);
  const std::string whole = losses("out");
  std::vector<fs::path> runs;
  for (const auto& entry : fs::directory_iterator(scratch_ / "out/runs"))
    runs.push_back(entry.path());
  ASSERT_GT(runs.size(), 2U);
  fs::resize_file(runs[0] / "run.h5", 100);
  for (const auto& entry : fs::directory_iterator(runs[1]))
    if (entry.path().filename().string().starts_with("checkpoint-"))
      fs::resize_file(entry.path(), fs::file_size(entry.path()) - 1);
  for (const auto& entry : fs::directory_iterator(scratch_ / "out/data"))
    if (entry.path().extension() == ".bin") fs::resize_file(entry.path(), 1000);
  EXPECT_EQ(isoloss("verify out").status, 1);
  const Outcome repaired = isoloss("repair out");
  EXPECT_EQ(repaired.status, 0) << repaired.out << repaired.err;
  EXPECT_EQ(isoloss("verify out").out, "every file is whole\n");
  const Outcome again = isoloss("run study.yaml --out out");
  ASSERT_EQ(again.status, 0) << again.err;
  EXPECT_EQ(losses("out"), whole);
  EXPECT_EQ(isoloss("verify out").status, 0);
}

TEST_F(Run, AStudyOfTwoPlacesJoinsToTheOneOfOnePlace) {
  ASSERT_EQ(isoloss("run study.yaml --out whole").status, 0);
  ASSERT_EQ(isoloss("run study.yaml --out a --only primer").status, 0);
  spill(scratch_ / "fewer.yaml", study_of("tiny", "[2e7, 4e7]"));
  ASSERT_EQ(isoloss("run fewer.yaml --out b").status, 0);
  const Outcome merged = isoloss("merge a b --out joined");
  ASSERT_EQ(merged.status, 0) << merged.err;
  EXPECT_EQ(isoloss("verify joined").out, "every file is whole\n");
  EXPECT_EQ(isoloss("status joined").status, 0);
  const Outcome finished = isoloss("run study.yaml --out joined");
  ASSERT_EQ(finished.status, 0) << finished.err;
  EXPECT_EQ(losses("joined"), losses("whole"));
  EXPECT_EQ(isoloss("report joined --bootstrap 50").status, 0);
}

// The trials of both sizes and of the second seed take the rate that a search at size s finds.
std::string search_of(const std::string& rates) {
  return replaced(study_of("tiny", "[2e7, 4e7]"), "[0.03, 0.05]", rates);
}

// What another list of rates chose before is no result, whichever lists the folder has seen.
TEST_F(Run, AStudyThatSearchesOtherRatesEndsAsOneThatAlwaysDid) {
  const auto run = [&](const std::string& rates, const std::string& out) {
    spill(scratch_ / "study.yaml", search_of(rates));
    const Outcome outcome = isoloss("run study.yaml --out " + out);
    ASSERT_EQ(outcome.status, 0) << outcome.err;
    const json trials = json::parse(isoloss("status " + out + " --json").out)["trials"];
    EXPECT_EQ(trials["done"], 16) << trials;
    EXPECT_EQ(trials["waiting"], 0) << trials;
  };
  run("[0.002, 0.01]", "low");
  run("[0.01, 0.05]", "high");
  run("[0.002, 0.01, 0.05]", "all");
  const std::string low = losses("low"), high = losses("high"), all = losses("all");
  ASSERT_NE(low, high);  // 0.01 won the one, 0.05 the other
  EXPECT_EQ(isoloss("merge low high --out joined").status, 0);
  EXPECT_EQ(losses("joined"), high);  // nobody has decided among the three
  run("[0.002, 0.01, 0.05]", "joined");
  EXPECT_EQ(losses("joined"), all);
  run("[0.002, 0.01, 0.05]", "low");
  EXPECT_EQ(losses("low"), all);
  EXPECT_THAT(isoloss("points low --all").out, HasSubstr(",superseded\n"));
  run("[0.002, 0.01]", "all");
  EXPECT_NE(losses("all"), losses("joined"));
  run("[0.002, 0.01]", "low");
  EXPECT_EQ(losses("low"), losses("all"));  // the winner is dropped
  run("[0.01, 0.05]", "low");
  EXPECT_EQ(losses("low"), high);  // the window is shifted
  EXPECT_EQ(isoloss("verify low").status, 0);
  EXPECT_EQ(isoloss("report low --bootstrap 50").status, 0);
}

// A file's name has 255 bytes.
TEST_F(Run, LongNamesAreTrained) {
  const std::string name(400, 'x');
  spill(scratch_ / "study.yaml", replaced(search_of("[0.03, 0.05]"), "{name: m, d_model: 16}",
                                          "{name: " + name + ", d_model: 16}"));
  const Outcome outcome = isoloss("run study.yaml --out out --only primer");
  EXPECT_EQ(outcome.status, 0) << outcome.err;
  spill(scratch_ / "study.yaml",
        replaced(replaced(search_of("[0.03, 0.05]"), "name: s,", "name: " + name + ","), "size: s}",
                 "size: " + name + "}"));
  const Outcome decided = isoloss("run study.yaml --out decided --only primer");
  EXPECT_EQ(decided.status, 0) << decided.err;
}

TEST_F(Run, AFullDiskEndsTheWorkInOneLineAndNothingIsHalfWritten) {
  const fs::path disk = scratch_ / "disk";
  fs::create_directory(disk);
  if (geteuid() != 0 || mount("tmpfs", disk.c_str(), "tmpfs", 0, "size=200k") != 0)
    GTEST_SKIP() << "no small disk can be mounted here (not root)";
  const Outcome full = isoloss("run study.yaml --out disk/out");
  expect_one_line(full, 1);
  EXPECT_THAT(full.err, HasSubstr("No space left on device"));
  // What is there can be read: whole run files or none.
  const Outcome verified = isoloss("verify disk/out");
  EXPECT_EQ(verified.status, 0) << verified.out;
  umount(disk.c_str());
}

// Built without CUDA, or where no GPU is seen.
TEST_F(Run, ADeviceThatIsNotThereIsRefused) {
  ::setenv("CUDA_VISIBLE_DEVICES", "", 1);
  spill(scratch_ / "study.yaml", study_of("tiny") + "run: {device: cuda}\n");
  for (const char* ranks : {"", " --ranks 2"}) {
    const Outcome outcome = isoloss(std::string("run study.yaml --out out") + ranks);
    expect_one_line(outcome, 2);
    EXPECT_THAT(outcome.err, HasSubstr("run.device"));
  }
}

}  // namespace
}  // namespace isoloss::test
