// Verify finds each kind of trouble in a study folder, and none in a whole one.
#include "results/verify.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "model/spec/error.h"
#include "results/checkpoint_names.h"
#include "results/journal_frames.h"
#include "results/rank_claims.h"
#include "results/set_aside.h"
#include "results/study_makespan.h"
#include "results/study_sum.h"
#include "results/unread_error.h"
#include "tests/results/study_fixture.h"

namespace isoloss {
namespace {

namespace fs = std::filesystem;
using ::testing::HasSubstr;
using ::testing::IsEmpty;

class Verify : public StudyTest {
 protected:
  Verify() {
    make_study(study());
    write_durably(study().claim(kTraining), claim_text({.process = this_process()}));
  }

  // The one finding there must be.
  Finding finding() const {
    const std::vector<Finding> findings = verify_study(study());
    EXPECT_EQ(findings.size(), 1U);
    return findings.empty() ? Finding{} : findings.front();
  }

  void expect_damage(const fs::path& path, const std::string& problem) const {
    const Finding found = finding();
    EXPECT_EQ(found.path, path);
    EXPECT_EQ(found.severity, Severity::Damage);
    EXPECT_THAT(found.problem, HasSubstr(problem));
  }

  void store(RunRecord record) const { write_run_file(study().run_file(record.header.id), record); }
};

TEST_F(Verify, AWholeStudyHasNoFindings) { EXPECT_THAT(verify_study(study()), IsEmpty()); }

TEST_F(Verify, AFolderThatIsNotThereIsBadInput) {
  EXPECT_THROW(verify_study({folder_ / "nothing"}), InputError);
}

TEST_F(Verify, AChangedMakespanIsDamage) {
  write_study_makespan(study(), {.ranks = 2, .predicted_seconds = 10});
  EXPECT_THAT(verify_study(study()), IsEmpty());
  std::string text = read_file(study().makespan_file());
  text.replace(text.find("10.0"), 4, "11.0");
  write_durably(study().makespan_file(), text);
  expect_damage(study().makespan_file(), "checksum does not match");
}

TEST_F(Verify, AChangedRunFileIsDamage) {
  flip_bit(study().run_file(kFinished), 700);
  expect_damage(study().run_file(kFinished), "checksum does not match");
}

TEST_F(Verify, AFlippedBitAnywhereInARunFileIsRefused) {
  const std::string bytes = read_file(study().run_file(kFinished));
  for (std::size_t at = 0; at < bytes.size(); ++at) {
    std::string flipped = bytes;
    flipped[at] = static_cast<char>(flipped[at] ^ (1 << (at % 7)));
    ASSERT_THROW(run_record_from(flipped, "FILE"), InputError) << "byte " << at;
  }
}

// One that makes the last event longer cannot be told from an event that was not written whole, and
// is noted.
TEST_F(Verify, AFlippedBitAnywhereInAJournalIsFound) {
  const fs::path path = study().journal(kTraining);
  const std::string bytes = read_file(path);
  std::size_t noted = 0;
  const std::size_t last = scan_frames(bytes, path).frames.back().begin;
  for (std::size_t at = 0; at < bytes.size(); at += at < 32 || at >= last ? 1 : 13) {
    flip_bit(path, at);
    EXPECT_EQ(finding().path, path) << "byte " << at;
    noted += finding().severity == Severity::Note;
    write_durably(path, bytes);
  }
  EXPECT_LE(noted, sizeof(std::uint32_t));
}

TEST_F(Verify, AFlippedBitAnywhereInACheckpointIsDamage) {
  const fs::path path = checkpoint(study(), kTraining, 20);
  const std::string bytes = read_file(path);
  for (std::size_t at = 0; at < bytes.size(); ++at) {
    flip_bit(path, at);
    expect_damage(path, "cannot be used");
    write_durably(path, bytes);
  }
}

TEST_F(Verify, ATruncatedCheckpointIsDamage) {
  cut(checkpoint(study(), kFinished, 20), 1);
  expect_damage(checkpoint(study(), kFinished, 20), "cannot be used");
}

TEST_F(Verify, ACheckpointOfAnotherRunOrStepIsDamage) {
  const fs::path path = checkpoint(study(), kTraining, 20);
  write_durably(path, checkpoint_bytes(kFinished, 20));
  expect_damage(path, "it is of run " + kFinished);
  write_durably(path, checkpoint_bytes(kTraining, 10));
  expect_damage(path, "it is of step 10");
}

TEST_F(Verify, CheckpointsForBranchesAndOfARunTrainedAgainAreChecked) {
  const std::string kept = checkpoint(study(), kFinished, 10).string() + ".kept";
  write_durably(kept, checkpoint_bytes(kFinished, 10));
  write_durably(study().again(kTraining) / "checkpoint-10", checkpoint_bytes(kTraining, 10));
  EXPECT_THAT(verify_study(study()), IsEmpty());
  cut(kept, 3);
  expect_damage(kept, "cannot be used");
  fs::remove(kept);
  cut(study().again(kTraining) / "checkpoint-10", 3);
  expect_damage(study().again(kTraining) / "checkpoint-10", "cannot be used");
}

TEST_F(Verify, EveryFileOfACheckpointOfSeveralRanksIsChecked) {
  const fs::path path = checkpoint(study(), kFinished, 20);
  fs::remove(path);
  write_checkpoint_parts(path, kFinished, 20);
  EXPECT_THAT(verify_study(study()), IsEmpty());
  cut(path / "part-1", 1);
  expect_damage(path, "part-1 of 2: it");
  write_checkpoint_parts(path, kTraining, 20);
  expect_damage(path, "part-0: it is of run " + kTraining);
  write_checkpoint_parts(path, kFinished, 15);
  expect_damage(path, "it is of step 15");
  write_checkpoint_parts(path, kFinished, 20);
  fs::remove(path / "part-1");
  expect_damage(path, "part-1 of 2 is missing");
}

TEST_F(Verify, ACheckpointOfSeveralRanksInTheMakingIsNoted) {
  write_checkpoint_parts(temporary_beside(checkpoint(study(), kTraining, 30)), kTraining, 30);
  EXPECT_EQ(finding().severity, Severity::Note);
}

TEST_F(Verify, ACheckpointPastTheCurveIsDamage) {
  add_checkpoint(study(), kFinished, 30);
  expect_damage(checkpoint(study(), kFinished, 30), "steps are missing");
}

TEST_F(Verify, ATornJournalIsOnlyNoted) {
  cut(study().journal(kTraining), 5);
  EXPECT_EQ(finding().severity, Severity::Note);
  EXPECT_THAT(finding().problem, HasSubstr("not written whole"));
}

TEST_F(Verify, AStepThatIsMissingInTheCurveIsDamage) {
  RunRecord record = record_of(kFinished, 20);
  record.steps.erase(record.steps.begin() + 4);
  store(record);
  expect_damage(study().run_file(kFinished), "step 6 follows step 4");
  record = record_of(kFinished, 20);
  record.steps.erase(record.steps.begin());
  store(record);
  expect_damage(study().run_file(kFinished), "begins at step 2, not 1");
}

TEST_F(Verify, AStepThatComesTwiceIsDamage) {
  RunRecord record = record_of(kFinished, 20);
  record.steps.insert(record.steps.begin() + 4, record.steps[4]);
  store(record);
  expect_damage(study().run_file(kFinished), "step 5 follows step 5");
}

TEST_F(Verify, StepsMissingBetweenRunFileAndJournalAreDamage) {
  fs::remove(study().journal(kTraining));
  JournalWriter writer(study().journal(kTraining), header_of(kTraining), 0);
  for (std::int64_t step = 23; step < 26; ++step) writer.append(sample_step(step));
  writer.flush();
  expect_damage(study().journal(kTraining), "begins at step 23 (the run file ends at step 20");
}

// It begins from its trunk's checkpoint, and is stored at its first own one.
TEST_F(Verify, ABranchBeforeItsFirstCheckpointIsOnlyNoted) {
  const std::string branch = "bbbbbbbbbbbbbbbb";
  {
    JournalWriter writer(study().journal(branch), branch_header(branch), 10);
    for (std::int64_t step = 11; step < 16; ++step) writer.append(sample_step(step));
    writer.flush();
  }
  EXPECT_EQ(finding().path, study().journal(branch));
  EXPECT_EQ(finding().severity, Severity::Note);
  // Stored before its checkpoint, so a checkpoint without a run file is no such thing.
  add_checkpoint(study(), branch, 15);
  expect_damage(study().journal(branch), "begins at step 11");
}

// Under a schedule without branches nobody begins past step 1.
TEST_F(Verify, ARunThatLostItsRunFileAndCheckpointsIsNoBranch) {
  const std::string run = "bbbbbbbbbbbbbbbb";
  JournalWriter writer(study().journal(run), header_of(run), 10);
  for (std::int64_t step = 11; step < 16; ++step) writer.append(sample_step(step));
  writer.flush();
  expect_damage(study().journal(run), "begins at step 11 (the run file ends at step 0");
}

TEST_F(Verify, AStudyFileThatIsNotWhatWasStoredIsDamage) {
  const fs::path path = study().study_file();
  write_durably(path, with_study_sum("study: sample\nrun: {threads: 1}\n"));
  const std::string stored = read_file(path);
  EXPECT_THAT(verify_study(study()), IsEmpty());
  for (std::size_t at = 0; at < stored.find('#'); ++at) {
    flip_bit(path, at);
    expect_damage(path, "is not what `run` stored");
    write_durably(path, stored);
  }
  // Stored by hand, without the line.
  write_durably(path, "study: sample\nrun: {threads: 2}\n");
  EXPECT_THAT(verify_study(study()), IsEmpty());
}

TEST_F(Verify, AClaimThatCannotBeReadIsUnread) {
  fs::remove(study().claim(kTraining));
  fs::create_directories(study().claim(kTraining));  // nobody can read a folder, root neither
  EXPECT_EQ(finding().path, study().claim(kTraining));
  EXPECT_EQ(finding().severity, Severity::Unread);
}

TEST_F(Verify, ADamagedDecisionIsDamage) {
  write_durably(study().decision("k"), "{");
  expect_damage(study().decision("k"), "no JSON");
}

TEST_F(Verify, ADamagedAttemptIsDamage) {
  write_durably(study().run(kTraining) / "attempt-1.json", "{");
  expect_damage(study().run(kTraining) / "attempt-1.json", "attempt-1.json");
}

TEST_F(Verify, AnAttemptUnderAnotherNumberIsDamage) {
  fs::rename(study().run(kTraining) / "attempt-1.json", study().run(kTraining) / "attempt-2.json");
  expect_damage(study().run(kTraining) / "attempt-2.json", "it is attempt 1");
}

TEST_F(Verify, ADecisionWhoseRunIsGoneIsDamage) {
  fs::remove_all(study().run(kTraining));
  expect_damage(study().decision("k"), "rests on run " + kTraining);
}

TEST_F(Verify, ARenamedDecisionIsDamage) {
  fs::rename(study().decision("k"), study().decision("other"));
  EXPECT_THAT(finding().problem, HasSubstr("its name says otherwise"));
}

TEST_F(Verify, ADecisionThatContradictsItselfOrItsRunsIsDamage) {
  const Decision decision = read_decisions(study()).front();
  const auto expect = [&](const Decision& wrong, const std::string& problem) {
    fs::remove(study().decision("k"));
    publish_decision(study(), wrong);
    expect_damage(study().decision("k"), problem);
  };
  Decision wrong = decision;
  wrong.winner = "0000000000000000";
  expect(wrong, "was not searched");
  wrong = decision;
  wrong.learning_rate = 0.2;
  expect(wrong, "another learning rate");
  wrong = decision;
  wrong.arms[1].selection_loss = 2.8999;  // within the tolerance of layouts, and lower
  expect(wrong, "did not win");
  wrong = decision;
  wrong.arms[1].selection_loss = 3.1;
  expect(wrong, "a loss that run " + kTraining + " does not have");
  wrong = decision;
  wrong.arms[1].diverged = true;
  expect(wrong, "diverged (the run does not)");
}

TEST_F(Verify, ASearchThatAllArmsLostHasNoWinner) {
  RunRecord record = record_of(kFinished, 9, RunState::Diverged);
  record.reason = "loss is not finite";
  store(record);
  fs::remove(checkpoint(study(), kFinished, 15));
  fs::remove(checkpoint(study(), kFinished, 20));
  fs::remove(study().decision("k"));
  Decision decision;
  decision.key = "k";
  decision.arms = {{kFinished, 0.1, 0, true}};
  publish_decision(study(), decision);
  EXPECT_THAT(verify_study(study()), IsEmpty());
}

TEST_F(Verify, TwoDecisionsOfOneSearchMustAgree) {
  Decision other = read_decisions(study()).front();
  other.key = "k2";
  publish_decision(study(), other);
  EXPECT_THAT(verify_study(study()), IsEmpty());
  fs::remove(study().decision("k2"));
  other.winner = kTraining;
  other.learning_rate = 0.2;
  publish_decision(study(), other);
  expect_damage(study().decision("k2"), "one search, two winners");
}

TEST_F(Verify, ARunFileInAnotherFolderIsDamage) {
  fs::copy_file(study().run_file(kFinished), study().run_file(kTraining),
                fs::copy_options::overwrite_existing);
  expect_damage(study().run_file(kTraining), "holds run " + kFinished);
}

TEST_F(Verify, ADamagedTokenFileIsDamage) {
  const fs::path path = study().data() / "tokens-0123456789abcdef.bin";
  const std::string bytes = read_file(path);
  for (const std::size_t at : {0, 20, 105, 200}) {
    flip_bit(path, at);
    expect_damage(path, at == 0 ? "no token file" : "checksum");
    write_durably(path, bytes);
  }
  cut(path, 1);
  expect_damage(path, "checksum");
}

TEST_F(Verify, AClaimOfADeadProcessIsNoted) {
  write_durably(study().claim(kTraining), claim_text({.process = dead_process()}));
  EXPECT_EQ(finding().path, study().claim(kTraining));
  EXPECT_EQ(finding().severity, Severity::Note);
  write_durably(study().claim(kTraining), "{}");
  EXPECT_THAT(finding().problem, HasSubstr("cannot be read as a claim"));
}

TEST_F(Verify, AClaimOfADeadRankIsNotedAndALivingOnesIsNot) {
  write_durably(rank_claim(study(), this_process()), claim_text({.process = this_process()}));
  const ProcessIdentity dead = dead_process();
  write_durably(rank_claim(study(), dead), claim_text({.process = dead}));
  EXPECT_EQ(finding().path, rank_claim(study(), dead));
  EXPECT_EQ(finding().severity, Severity::Note);
}

TEST_F(Verify, TwoClaimsOfOneProcessContradict) {
  fs::copy_file(study().claim(kTraining), study().claim(kFinished));
  EXPECT_EQ(finding().severity, Severity::Warning);
  EXPECT_THAT(finding().problem, HasSubstr("cannot train both"));
}

TEST_F(Verify, LeftoversAreNoted) {
  const std::vector<fs::path> leftovers = {
      temporary_beside(study().run_file(kFinished)), temporary_beside(study().decision("k")),
      temporary_beside(study().study_file()), temporary_beside(study().data() / "tokens.bin"),
      temporary_beside(study().again(kFinished) / "checkpoint-3")};
  for (const fs::path& path : leftovers) write_durably(path, "x");
  const std::vector<Finding> findings = verify_study(study());
  ASSERT_EQ(findings.size(), leftovers.size());
  for (const Finding& found : findings) {
    EXPECT_EQ(found.severity, Severity::Note);
    EXPECT_THAT(leftovers, ::testing::Contains(found.path));
  }
}

// A link to itself cannot be opened, for root neither.
TEST_F(Verify, AFolderThatCannotBeReadIsNotTakenForAnEmptyOne) {
  const fs::path loop = study().decisions();
  fs::remove_all(loop);
  fs::create_symlink(loop, loop);
  EXPECT_THROW(verify_study(study()), UnreadError);
  EXPECT_THROW(checkpoint_steps(loop), UnreadError);
  EXPECT_THAT(checkpoint_steps(folder_ / "nothing"), IsEmpty());
}

TEST_F(Verify, ForeignFilesAreWarnedAbout) {
  for (const fs::path& path :
       {study().runs() / "notes.txt", study().run(kFinished) / "notes.txt",
        study().decisions() / "notes.txt", study().run(kFinished) / "claim (copy)",
        study().run(kFinished) / "checkpoint-last", study().runs() / "old" / "run.h5",
        study().root / "study (copy).yaml", study().root / "backup" / "run.h5",
        study().data() / "notes.txt", study().data() / "tokens.bin", study().ranks() / "notes.json",
        study().ranks() / "host-.json", study().ranks() / "host-1.claim",
        study().ranks() / "notes"})
    write_durably(path, "x");
  const std::vector<Finding> findings = verify_study(study());
  ASSERT_EQ(findings.size(), 14U);
  for (const Finding& found : findings) EXPECT_EQ(found.severity, Severity::Warning);
}

// Every file of docs/format.md that training leaves beside runs, and what `report` writes.
TEST_F(Verify, FilesOfAStudyAreNotForeign) {
  for (const fs::path& path :
       {study().stop_file(), study().ranks() / "a-host-17.json",
        study().ranks() / "meeting-12-0-345", study().ranks() / "failure-a-host-17",
        study().ranks() / "stopped-a-host-17", study().logs() / "a-host-rank-0.log",
        study().root / "report.html", study().root / "report" / "points.csv"})
    write_durably(path, "x");
  EXPECT_THAT(verify_study(study()), IsEmpty());
}

TEST_F(Verify, WhatWasSetAsideIsPassedOver) {
  for (const fs::path& path :
       {study().run_file(kFinished), study().decision("k"), checkpoint(study(), kFinished, 15)}) {
    write_durably(set_aside_name(path), "x");
    write_durably(set_aside_name(path), "x");
  }
  EXPECT_THAT(verify_study(study()), IsEmpty());
}

TEST_F(Verify, AMissingStudyFileIsDamage) {
  fs::remove(study().study_file());
  expect_damage(study().study_file(), "missing");
}

TEST_F(Verify, FindingsAreSortedByPath) {
  fs::remove(study().study_file());
  flip_bit(study().run_file(kFinished), 700);
  write_durably(study().decision("a"), "{");
  const std::vector<Finding> findings = verify_study(study());
  ASSERT_EQ(findings.size(), 3U);
  EXPECT_LT(findings[0].path, findings[1].path);
  EXPECT_LT(findings[1].path, findings[2].path);
}

TEST(Contradictions, AConsistentRecordHasNone) {
  EXPECT_THAT(contradictions(sample_record()), IsEmpty());
}

TEST(Contradictions, AStepThatComesTwiceIsOne) {
  RunRecord record = sample_record();
  record.steps.push_back(record.steps.back());
  EXPECT_THAT(contradictions(record), ::testing::ElementsAre("step 20 follows step 20"));
}

TEST(Contradictions, ALossThatIsNotTheMeanIsOne) {
  RunRecord record = sample_record();
  record.evaluations[0].loss = 3.001;  // the mean of 2.5, 3.5 and 3 is 3
  EXPECT_THAT(contradictions(record), ::testing::ElementsAre(HasSubstr("at step 10")));
}

TEST(Contradictions, AnEvaluationThatComesTwiceIsOne) {
  RunRecord record = sample_record();
  record.evaluations.push_back(record.evaluations.back());
  EXPECT_THAT(contradictions(record), ::testing::ElementsAre(HasSubstr("stored twice")));
}

TEST(Contradictions, AnEvaluationPastTheCurveIsOne) {
  RunRecord record = sample_record();
  record.steps.resize(15);
  EXPECT_THAT(contradictions(record), ::testing::ElementsAre(HasSubstr("ends at step 15")));
}

TEST(Contradictions, AFinishedRunWithoutEvaluationIsOne) {
  RunRecord record = sample_record();
  record.state = RunState::Finished;
  record.evaluations.clear();
  EXPECT_THAT(contradictions(record), ::testing::ElementsAre(HasSubstr("no evaluation")));
}

TEST(Severities, HaveNames) {
  EXPECT_EQ(severity_name(Severity::Unread), "unread");
  EXPECT_EQ(severity_name(Severity::Note), "note");
  EXPECT_EQ(severity_name(Severity::Warning), "warning");
  EXPECT_EQ(severity_name(Severity::Damage), "damage");
}

}  // namespace
}  // namespace isoloss
