// Verify finds each kind of trouble in a study folder, and none in a whole one.
#include "results/verify.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "model/spec/error.h"
#include "results/durable_file.h"
#include "results/journal.h"
#include "results/run_file.h"
#include "tests/results/results_fixture.h"

namespace isoloss {
namespace {

namespace fs = std::filesystem;
using ::testing::HasSubstr;
using ::testing::IsEmpty;

class Verify : public ResultsTest {
 protected:
  // A whole study: one finished run, one in training, a decision between them.
  Verify() {
    write_durably(study().study_file(), "study: sample\n");
    RunRecord record = sample_record();
    record.state = RunState::Finished;
    record.reason.clear();
    write_run_file(study().run_file(kFinished), record);
    RunHeader header = sample_header();
    header.id = kTraining;
    JournalWriter writer(study().journal(kTraining), header, 0);
    writer.append(sample_step(1));
    writer.append(sample_evaluation(1));
    writer.flush();
    write_durably(study().run(kTraining) / "checkpoint-1", "weights");
    write_durably(study().claim(kTraining), "{}");
    record_attempt(study(), kTraining, "killed");
    Decision decision;
    decision.key = "k";
    decision.arms = {{kFinished, 0.1, 1.5, false}, {kTraining, 0.2, 1.6, false}};
    decision.winner = kFinished;
    publish_decision(study(), decision);
  }

  StudyFolder study() const { return {folder_}; }

  void change_byte(const fs::path& path, std::size_t at) const {
    std::string bytes = read_file(path);
    bytes.at(at) = static_cast<char>(bytes.at(at) ^ 1);
    write_durably(path, bytes);
  }

  // The one finding there must be.
  Finding finding() const {
    const std::vector<Finding> findings = verify_study(study());
    EXPECT_EQ(findings.size(), 1U);
    return findings.empty() ? Finding{} : findings.front();
  }

  const std::string kFinished = "0123456789abcdef";
  const std::string kTraining = "fedcba9876543210";
};

TEST_F(Verify, AWholeStudyHasNoFindings) { EXPECT_THAT(verify_study(study()), IsEmpty()); }

TEST_F(Verify, AFolderThatIsNotThereIsBadInput) {
  EXPECT_THROW(verify_study({folder_ / "nothing"}), InputError);
}

TEST_F(Verify, AChangedRunFileIsDamage) {
  change_byte(study().run_file(kFinished), 700);
  EXPECT_EQ(finding().path, study().run_file(kFinished));
  EXPECT_EQ(finding().severity, Severity::Damage);
  EXPECT_THAT(finding().problem, HasSubstr("checksum does not match"));
}

TEST_F(Verify, AChangedJournalIsDamage) {
  change_byte(study().journal(kTraining), 40);
  EXPECT_EQ(finding().path, study().journal(kTraining));
  EXPECT_EQ(finding().severity, Severity::Damage);
}

TEST_F(Verify, ATornJournalIsOnlyNoted) {
  const fs::path path = study().journal(kTraining);
  const std::string bytes = read_file(path);
  write_durably(path, bytes.substr(0, bytes.size() - 5));
  EXPECT_EQ(finding().severity, Severity::Note);
  EXPECT_THAT(finding().problem, HasSubstr("not written whole"));
}

TEST_F(Verify, ADamagedDecisionIsDamage) {
  write_durably(study().decision("k"), "{");
  EXPECT_EQ(finding().path, study().decision("k"));
  EXPECT_EQ(finding().severity, Severity::Damage);
}

TEST_F(Verify, ADamagedAttemptIsDamage) {
  write_durably(study().run(kTraining) / "attempt-1.json", "{");
  EXPECT_EQ(finding().severity, Severity::Damage);
  EXPECT_THAT(finding().problem, HasSubstr("attempt-1.json"));
}

TEST_F(Verify, ADecisionWhoseRunIsGoneIsDamage) {
  fs::remove_all(study().run(kTraining));
  EXPECT_EQ(finding().severity, Severity::Damage);
  EXPECT_THAT(finding().problem, HasSubstr("rests on run " + kTraining));
}

TEST_F(Verify, ARenamedDecisionIsDamage) {
  fs::rename(study().decision("k"), study().decision("other"));
  EXPECT_THAT(finding().problem, HasSubstr("its name says otherwise"));
}

TEST_F(Verify, ARunFileInAnotherFolderIsDamage) {
  fs::copy_file(study().run_file(kFinished), study().run_file(kTraining));
  EXPECT_EQ(finding().path, study().run_file(kTraining));
  EXPECT_THAT(finding().problem, HasSubstr("holds run " + kFinished));
}

TEST_F(Verify, LeftoversAreNoted) {
  const std::vector<fs::path> leftovers = {temporary_beside(study().run_file(kFinished)),
                                           temporary_beside(study().decision("k")),
                                           temporary_beside(study().study_file())};
  for (const fs::path& path : leftovers) write_durably(path, "x");
  const std::vector<Finding> findings = verify_study(study());
  ASSERT_EQ(findings.size(), leftovers.size());
  for (const Finding& found : findings) {
    EXPECT_EQ(found.severity, Severity::Note);
    EXPECT_THAT(leftovers, ::testing::Contains(found.path));
  }
}

TEST_F(Verify, ForeignFilesAreWarnedAbout) {
  for (const fs::path& path : {study().runs() / "notes.txt", study().run(kFinished) / "notes.txt",
                               study().decisions() / "notes.txt"})
    write_durably(path, "x");
  const std::vector<Finding> findings = verify_study(study());
  ASSERT_EQ(findings.size(), 3U);
  for (const Finding& found : findings) EXPECT_EQ(found.severity, Severity::Warning);
}

TEST_F(Verify, AMissingStudyFileIsDamage) {
  fs::remove(study().study_file());
  EXPECT_EQ(finding().path, study().study_file());
  EXPECT_EQ(finding().severity, Severity::Damage);
}

TEST_F(Verify, FindingsAreSortedByPath) {
  fs::remove(study().study_file());
  change_byte(study().run_file(kFinished), 700);
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

TEST(Contradictions, AFinishedRunWithoutEvaluationIsOne) {
  RunRecord record = sample_record();
  record.state = RunState::Finished;
  record.evaluations.clear();
  EXPECT_THAT(contradictions(record), ::testing::ElementsAre(HasSubstr("no evaluation")));
}

TEST(Severities, HaveNames) {
  EXPECT_EQ(severity_name(Severity::Note), "note");
  EXPECT_EQ(severity_name(Severity::Warning), "warning");
  EXPECT_EQ(severity_name(Severity::Damage), "damage");
}

}  // namespace
}  // namespace isoloss
