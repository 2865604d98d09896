// A study is the sum of its files: run file and journal together, decisions and attempts.
#include "results/study_folder.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <sys/wait.h>

#include <limits>

#include "model/spec/error.h"
#include "results/claim_file.h"
#include "results/durable_file.h"
#include "results/helper_claims.h"
#include "results/journal.h"
#include "results/journal_frames.h"
#include "results/json_file.h"
#include "results/rank_claims.h"
#include "results/run_file.h"
#include "results/usable_run.h"
#include "tests/results/results_fixture.h"

namespace isoloss {
namespace {

using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::UnorderedElementsAre;

class Study : public ResultsTest {
 protected:
  StudyFolder study() const { return {folder_}; }

  // A run file that holds steps 1 to `last`, and an evaluation at the last.
  void write_file(std::int64_t last, RunState state) const {
    RunRecord record;
    record.header = sample_header();
    for (std::int64_t step = 1; step <= last; ++step) record.steps.push_back(sample_step(step));
    record.evaluations = {sample_evaluation(last)};
    record.scores = {sample_score(last)};
    record.state = state;
    write_run_file(study().run_file(kId), record);
  }

  // A journal of steps `first` to `last` with an evaluation at every fifth.
  void write_journal(std::int64_t first, std::int64_t last,
                     const std::vector<RunEvent>& more = {}) const {
    JournalWriter writer(study().journal(kId), sample_header(), 0);
    for (std::int64_t step = first; step <= last; ++step) {
      writer.append(sample_step(step));
      if (step % 5 == 0) writer.append(sample_evaluation(step));
    }
    for (const RunEvent& event : more) writer.append(event);
    writer.flush();
  }

  static std::vector<std::int64_t> steps(const RunRecord& record) {
    std::vector<std::int64_t> steps;
    for (const StepMetrics& step : record.steps) steps.push_back(step.step);
    return steps;
  }

  static std::vector<std::int64_t> up_to(std::int64_t last) {
    std::vector<std::int64_t> expected(static_cast<std::size_t>(last));
    std::iota(expected.begin(), expected.end(), 1);
    return expected;
  }

  const std::string kId = "0123456789abcdef";
};

Decision sample_decision() {
  Decision decision;
  decision.key = "transformer++_s_2e11";
  decision.architecture = "transformer++";
  decision.size = "s";
  decision.every_size = true;
  decision.budget = 9.3e11;
  decision.arms = {{"aaaaaaaaaaaaaaaa", 0.03, 1.7, false}, {"bbbbbbbbbbbbbbbb", 0.1, 1.65, false}};
  decision.winner = "bbbbbbbbbbbbbbbb";
  decision.learning_rate = 0.1;
  decision.runner_up = "aaaaaaaaaaaaaaaa";
  decision.at_edge = true;
  return decision;
}

TEST_F(Study, AFolderThatHasNotBegunHoldsNothing) {
  EXPECT_TRUE(run_ids(study()).empty());
  EXPECT_TRUE(read_decisions(study()).empty());
  EXPECT_TRUE(read_attempts(study(), kId).empty());
  EXPECT_FALSE(read_run(study(), kId).has_value());
}

TEST_F(Study, RunsAreTheFoldersSorted) {
  std::filesystem::create_directories(study().run("b"));
  std::filesystem::create_directories(study().run("a"));
  write_durably(study().runs() / "file", "x");
  EXPECT_THAT(run_ids(study()), ElementsAre("a", "b"));
}

TEST_F(Study, AJournalAloneIsARunInTraining) {
  write_journal(1, 7);
  const auto record = read_run(study(), kId);
  ASSERT_TRUE(record);
  EXPECT_EQ(record->header, sample_header());
  EXPECT_EQ(steps(*record), up_to(7));
  EXPECT_EQ(record->evaluations.size(), 1U);
  EXPECT_EQ(record->state, RunState::Running);
}

TEST_F(Study, ARunFileAloneIsTheRun) {
  write_file(10, RunState::Finished);
  const auto record = read_run(study(), kId);
  ASSERT_TRUE(record);
  EXPECT_EQ(steps(*record), up_to(10));
  EXPECT_EQ(record->state, RunState::Finished);
}

TEST_F(Study, AJournalThatOverlapsItsRunFileAddsNoStepTwice) {
  write_file(10, RunState::Running);
  write_journal(1, 16);
  const auto record = read_run(study(), kId);
  ASSERT_TRUE(record);
  EXPECT_EQ(steps(*record), up_to(16));
  std::vector<std::int64_t> evaluated;
  for (const Evaluation& evaluation : record->evaluations) evaluated.push_back(evaluation.step);
  // 10 from the run file, 5 and 15 from the journal, 10 of the journal not again.
  EXPECT_THAT(evaluated, ElementsAre(5, 10, 15));
}

TEST_F(Study, AJournalThatBeginsAfterItsRunFileGoesOn) {
  write_file(10, RunState::Running);
  write_journal(11, 14, {sample_score(10), sample_score(14)});
  const auto record = read_run(study(), kId);
  ASSERT_TRUE(record);
  EXPECT_EQ(steps(*record), up_to(14));
  EXPECT_EQ(record->scores, (std::vector<Score>{sample_score(10), sample_score(14)}));
}

TEST_F(Study, TheEndInTheJournalCounts) {
  write_file(10, RunState::Running);
  write_journal(11, 14, {RunEnd{RunState::Diverged, "loss is not finite"}});
  const auto record = read_run(study(), kId);
  ASSERT_TRUE(record);
  EXPECT_EQ(record->state, RunState::Diverged);
  EXPECT_EQ(record->reason, "loss is not finite");
}

TEST_F(Study, AnEndThatTheRunFileHasPassedDoesNotCount) {
  write_file(10, RunState::Running);
  write_journal(1, 5, {RunEnd{RunState::Finished, ""}});
  EXPECT_EQ(read_run(study(), kId)->state, RunState::Running);
}

TEST_F(Study, AFinishedRunThatIsExtendedIsInTraining) {
  write_file(10, RunState::Finished);
  write_journal(11, 12);
  EXPECT_EQ(read_run(study(), kId)->state, RunState::Running);
}

// The last frame is there with all its bytes, one of them changed.
TEST_F(Study, ADamagedJournalIsPassedOverForWhoGoesOnWithoutIt) {
  write_file(10, RunState::Running);
  write_journal(11, 12);
  std::string bytes = read_file(study().journal(kId));
  const std::size_t last = scan_frames(bytes, study().journal(kId)).frames.back().begin;
  bytes.back() = static_cast<char>(bytes.back() ^ 1);
  write_durably(study().journal(kId), bytes);
  EXPECT_THROW(read_run(study(), kId), InputError);
  std::string told;
  const auto run =
      read_usable_run(study(), kId, [&](const std::string& problem) { told = problem; });
  EXPECT_EQ(told, "cannot read " + study().journal(kId).string() + " (damaged at byte " +
                      std::to_string(last) + ")");
  ASSERT_TRUE(run);
  EXPECT_EQ(steps(*run), up_to(10));
}

TEST_F(Study, ClaimsOfRanksThatHelpAreKnownByTheirNames) {
  for (const char* name : {"claim", "claim-1", "claim-12", "claim-x", "claim-", "claim.tmp-h-1-1"})
    write_durably(study().run(kId) / name, "");
  EXPECT_THAT(helper_claims(study(), kId),
              ElementsAre(helper_claim(study(), kId, 1), helper_claim(study(), kId, 12)));
}

TEST_F(Study, ClaimsOfRanksAreKnownByTheirNames) {
  const auto claim = rank_claim(study(), {"a-host.site/boot/pid", 12, 345});
  EXPECT_EQ(claim.filename(), "a-host.site-12-345.claim");
  for (const char* name : {"a-host.site-12-345.claim", "a-host-12.json", "host-12.claim",
                           "host-12-.claim", "-12-345.claim", "host-12-345.claim.tmp-h-1-1"})
    write_durably(study().ranks() / name, "");
  EXPECT_THAT(rank_claims(study()), ElementsAre(claim));
}

TEST_F(Study, ClaimsOfDeadRanksOfThisMachineAndOfEndedJobsAreRemoved) {
  const ProcessIdentity living = this_process();
  ProcessIdentity earlier = living, elsewhere = living;  // a number is used again
  --earlier.started;
  elsewhere.host = "elsewhere/boot/pid";
  for (const ProcessIdentity& process : {living, earlier, elsewhere})
    write_durably(rank_claim(study(), process), claim_text({.process = process}));
  remove_dead_rank_claims(study());
  const auto left =
      UnorderedElementsAre(rank_claim(study(), living), rank_claim(study(), elsewhere));
  EXPECT_THAT(rank_claims(study()), left);
  ProcessIdentity supervised = elsewhere;
  ++supervised.pid;
  write_durably(rank_claim(study(), supervised),
                claim_text({.process = supervised, .supervisor = "a-host-1-2"}));
  remove_dead_rank_claims(study(), "a-host-1-2");
  EXPECT_THAT(rank_claims(study()), left);
}

TEST_F(Study, ARunInTheFolderOfAnotherIsRefused) {
  write_file(10, RunState::Finished);
  std::filesystem::rename(study().run(kId), study().run("fedcba9876543210"));
  EXPECT_THROW(read_run(study(), "fedcba9876543210"), InputError);
}

TEST_F(Study, ADecisionComesBackEqual) {
  publish_decision(study(), sample_decision());
  EXPECT_THAT(read_decisions(study()), ElementsAre(sample_decision()));
}

TEST_F(Study, TheFirstDecisionStays) {
  Decision second = sample_decision();
  second.winner = "aaaaaaaaaaaaaaaa";
  publish_decision(study(), sample_decision());
  publish_decision(study(), second);
  EXPECT_THAT(read_decisions(study()), ElementsAre(sample_decision()));
}

TEST_F(Study, DecisionsAreSortedByKey) {
  for (const char* key : {"b", "a.1", "a"}) {
    Decision decision = sample_decision();
    decision.key = key;
    publish_decision(study(), decision);
  }
  std::vector<std::string> keys;
  for (const Decision& decision : read_decisions(study())) keys.push_back(decision.key);
  EXPECT_THAT(keys, ElementsAre("a", "a.1", "b"));
}

TEST_F(Study, ADivergedArmHasNoLossOnDisk) {
  Decision decision = sample_decision();
  decision.arms[1].diverged = true;
  decision.arms[1].selection_loss = std::numeric_limits<double>::quiet_NaN();
  const std::string text = decision_to_json(decision);
  EXPECT_THAT(text, HasSubstr("\"selection_loss\": null"));
  EXPECT_TRUE(std::isnan(decision_from_json(text, "FILE").arms[1].selection_loss));
}

TEST_F(Study, ADecisionIsNeverStoredOutsideItsFolder) {
  Decision decision = sample_decision();
  decision.key = "../outside";
  EXPECT_THROW(publish_decision(study(), decision), InputError);
}

TEST_F(Study, ADamagedDecisionIsNamedWithItsKey) {
  const std::string text = decision_to_json(sample_decision());
  const auto refusal = [](const std::string& damaged) -> std::string {
    try {
      decision_from_json(damaged, "FILE");
    } catch (const InputError& error) {
      return error.what();
    }
    return "accepted";
  };
  EXPECT_THAT(refusal(text.substr(0, text.size() / 2)),
              "cannot read FILE (it is no JSON); remove it and run again");
  EXPECT_THAT(refusal("{\"format\": 3}"), HasSubstr("it is no 'isoloss decision' file"));
  EXPECT_THAT(refusal("{\"format\": \"isoloss decision\", \"version\": 3}"),
              HasSubstr("format version 3, this program reads 2"));
  EXPECT_THAT(refusal("{\"format\": \"isoloss decision\", \"version\": 2}"),
              HasSubstr("key 'checksum' is missing"));
  // Version 1 has no checksum, so that its keys can be changed one by one.
  nlohmann::json first = nlohmann::json::parse(text);
  first["version"] = 1;
  first.erase("checksum");
  nlohmann::json object = first;
  object["winner"] = 3;
  EXPECT_THAT(refusal(object.dump()), HasSubstr("key 'winner' is missing or of another type"));
  object.erase("winner");
  EXPECT_THAT(refusal(object.dump()), HasSubstr("key 'winner' is missing or of another type"));
  object = first;
  object["arms"] = {1, 2};
  EXPECT_THAT(refusal(object.dump()), HasSubstr("key 'run' is missing or of another type"));
}

TEST_F(Study, ADecisionOfVersionOneIsReadAsItIs) {
  nlohmann::json object = nlohmann::json::parse(decision_to_json(sample_decision()));
  object["version"] = 1;
  object.erase("checksum");
  EXPECT_EQ(decision_from_json(object.dump(), "FILE"), sample_decision());
}

// Every flip either leaves the content as it was (a blank for a line end) or is refused.
TEST_F(Study, AFlippedBitInADecisionIsRefused) {
  const std::string text = decision_to_json(sample_decision());
  const nlohmann::json content = nlohmann::json::parse(text);
  for (std::size_t at = 0; at < text.size(); ++at)
    for (int bit = 0; bit < 8; ++bit) {
      std::string flipped = text;
      flipped[at] = static_cast<char>(static_cast<unsigned char>(flipped[at]) ^ (1U << bit));
      if (nlohmann::json::parse(flipped, nullptr, false) == content) continue;
      EXPECT_THROW(decision_from_json(flipped, "FILE"), InputError) << at << " bit " << bit;
    }
}

TEST_F(Study, AnAttemptUnderAnotherNumberIsRefused) {
  record_attempt(study(), kId, "reason");
  std::filesystem::rename(study().run(kId) / "attempt-1.json", study().run(kId) / "attempt-2.json");
  EXPECT_THROW(read_attempts(study(), kId), InputError);
}

TEST_F(Study, AttemptsAreNumberedInOrder) {
  for (int attempt = 1; attempt <= 11; ++attempt)
    record_attempt(study(), kId, "reason " + std::to_string(attempt));
  const std::vector<FailedAttempt> attempts = read_attempts(study(), kId);
  ASSERT_EQ(attempts.size(), 11U);
  EXPECT_EQ(attempts[1], (FailedAttempt{2, "reason 2"}));
  EXPECT_EQ(attempts[10], (FailedAttempt{11, "reason 11"}));
}

TEST_F(Study, AReasonThatIsNoTextIsStoredStill) {
  record_attempt(study(), kId, "bad \xff byte");
  EXPECT_THAT(read_attempts(study(), kId).at(0).reason, HasSubstr("bad "));
}

TEST_F(Study, AttemptsOfTwoProcessesAtOnceAreBothKept) {
  std::vector<pid_t> children;
  for (int process = 0; process < 2; ++process) {
    const pid_t child = ::fork();
    ASSERT_GE(child, 0);
    if (child == 0) {
      for (int i = 0; i < 10; ++i) record_attempt(study(), kId, "process failed");
      ::_exit(0);
    }
    children.push_back(child);
  }
  for (const pid_t child : children) {
    int status = 0;
    ASSERT_EQ(::waitpid(child, &status, 0), child);
    ASSERT_EQ(status, 0);
  }
  EXPECT_EQ(read_attempts(study(), kId).size(), 20U);
}

TEST_F(Study, AnAttemptOfOneNumberIsRecordedOnce) {
  record_attempt(study(), kId, "before");
  const int attempt = next_attempt(study(), kId);
  EXPECT_EQ(attempt, 2);
  for (const char* reason : {"of one rank", "of another"})
    record_attempt(study(), kId, reason, attempt);
  EXPECT_EQ(read_attempts(study(), kId),
            (std::vector<FailedAttempt>{{1, "before"}, {2, "of one rank"}}));
  EXPECT_EQ(next_attempt(study(), kId), 3);
}

TEST_F(Study, OnlyNumberedFilesAreAttempts) {
  EXPECT_EQ(attempt_number("runs/x/attempt-12.json"), 12);
  for (const char* name : {"attempt-.json", "attempt-1x.json", "attempt-0.json", "attempt-1.txt"})
    EXPECT_FALSE(attempt_number(name).has_value()) << name;
}

}  // namespace
}  // namespace isoloss
