// Folders of one study join to the union of their runs, and whatever contradicts is refused.
#include "results/merge.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <array>

#include "model/spec/error.h"
#include "results/run_difference.h"
#include "results/score_difference.h"
#include "results/task_scores_file.h"
#include "tests/results/study_fixture.h"
#include "tests/results/task_scores_fixture.h"

namespace isoloss {
namespace {

namespace fs = std::filesystem;
using ::testing::HasSubstr;
using ::testing::IsEmpty;

constexpr const char* kText = "study: sample\n";

class MergeTest : public StudyTest {
 protected:
  MergeTest() {
    make_study(here());
    make_study(there());
  }
  StudyFolder here() const { return {folder_ / "here"}; }
  StudyFolder there() const { return {folder_ / "there"}; }
  StudyFolder out() const { return {folder_ / "out"}; }

  Merge merged() const {
    const std::array<StudyFolder, 2> sources = {here(), there()};
    const auto before = std::pair(content_of(here().root), content_of(there().root));
    const Merge merge = merge_studies(sources, kText, out().root, std::chrono::milliseconds(200));
    EXPECT_EQ(std::pair(content_of(here().root), content_of(there().root)), before);
    EXPECT_THAT(verify_study(out()), IsEmpty());
    return merge;
  }

  // The refusal, after which nothing new is there.
  std::string refusal() const {
    const std::size_t before = entries();
    std::string text = "not refused";
    try {
      merged();
    } catch (const WorkError& error) {
      text = error.what();
    }
    EXPECT_FALSE(fs::exists(out().root));
    EXPECT_EQ(entries(), before) << "a temporary folder stayed";
    return text;
  }

  static void store(const StudyFolder& folder, const RunRecord& record) {
    write_run_file(folder.run_file(record.header.id), record);
  }
  const std::string kOther = "aaaaaaaaaaaaaaaa";
};

TEST_F(MergeTest, EqualFoldersJoinToTheSameFiles) {
  const Merge merge = merged();
  EXPECT_EQ(merge.runs, 2U);
  EXPECT_EQ(merge.shared, 2U);
  EXPECT_EQ(merge.decisions, 1U);
  EXPECT_EQ(content_of(out().root), content_of(here().root));
}

TEST_F(MergeTest, ASlashBehindTheNewFolderChangesNothing) {
  for (const char* slashes : {"/", "//"}) {
    const std::array<StudyFolder, 2> sources = {here(), there()};
    merge_studies(sources, kText, out().root.string() + slashes, std::chrono::milliseconds(200));
    EXPECT_EQ(content_of(out().root), content_of(here().root));
    fs::remove_all(out().root);
  }
  EXPECT_EQ(entries(), 2U) << "a temporary folder stayed";
}

TEST_F(MergeTest, EachFoldersOwnRunsAndDecisionsAreAllThere) {
  store(there(), record_of(kOther, 20));
  Decision decision = read_decisions(there()).front();
  decision.key = "other";
  decision.architecture = "other";
  decision.arms = {{kOther, 0.1, 2.9, false}};
  decision.winner = kOther;
  decision.runner_up.clear();
  publish_decision(there(), decision);
  write_durably(there().data() / "tokens-00000000000000f1.bin", token_file_bytes('u'));
  const Merge merge = merged();
  EXPECT_EQ(merge.runs, 3U);
  EXPECT_EQ(merge.decisions, 2U);
  EXPECT_EQ(*read_run(out(), kOther), record_of(kOther, 20));
  EXPECT_EQ(*read_run(out(), kFinished), *read_run(here(), kFinished));
  EXPECT_TRUE(fs::exists(out().data() / "tokens-00000000000000f1.bin"));
}

// Another machine has the same numbers in another time.
TEST_F(MergeTest, EqualNumbersOfAnotherMachineAreOneRun) {
  RunRecord record = record_of(kFinished, 20);
  record.header.machine = "another processor";
  for (StepMetrics& step : record.steps) step.seconds *= 2;
  for (Evaluation& evaluation : record.evaluations) evaluation.seconds *= 2;
  store(there(), record);
  EXPECT_EQ(merged().shared, 2U);
}

TEST_F(MergeTest, RunsThatDifferAreRefusedWithTheFirstDifference) {
  RunRecord record = record_of(kFinished, 20);
  record.steps[6].loss += 1e-12;
  record.steps[8].loss += 1;
  store(there(), record);
  const std::string text = refusal();
  EXPECT_THAT(text, HasSubstr("run " + kFinished + " differs"));
  EXPECT_THAT(text, HasSubstr("loss of step 7"));
}

TEST_F(MergeTest, TheFurtherOfTwoUnfinishedRunsIsTaken) {
  fs::remove_all(there().run(kTraining));
  train(there(), kTraining, 30, 33);
  const Merge merge = merged();
  EXPECT_EQ(*read_run(out(), kTraining), *read_run(there(), kTraining));
  EXPECT_TRUE(fs::exists(checkpoint(out(), kTraining, 30)));
  EXPECT_FALSE(fs::exists(checkpoint(out(), kTraining, 10)));
  EXPECT_EQ(merge.runs_from[1], 1U);
}

TEST_F(MergeTest, AFinishedRunIsTakenBeforeAnUnfinishedOne) {
  fs::remove_all(there().run(kTraining));
  store(there(), record_of(kTraining, 40));
  add_checkpoint(there(), kTraining, 40);
  merged();
  EXPECT_EQ(read_run(out(), kTraining)->state, RunState::Finished);
  EXPECT_FALSE(fs::exists(out().journal(kTraining)));
  EXPECT_THAT(read_attempts(out(), kTraining), IsEmpty());
}

// One place asked for a budget on the way that the other did not.
TEST_F(MergeTest, EvaluationsOfBothAreThere) {
  RunRecord record = record_of(kFinished, 20);
  record.evaluations.front() = sample_evaluation(15);
  store(there(), record);
  merged();
  std::vector<std::int64_t> steps;
  const RunRecord joined = *read_run(out(), kFinished);
  for (const Evaluation& evaluation : joined.evaluations) steps.push_back(evaluation.step);
  EXPECT_EQ(steps, (std::vector<std::int64_t>{10, 15, 20}));
}

TEST_F(MergeTest, ARunThatDivergedInOnePlaceAloneIsRefused) {
  RunRecord record = record_of(kOther, 15, RunState::Diverged);
  record.reason = "loss is not finite";
  store(here(), record);
  store(there(), record_of(kOther, 20));
  EXPECT_THAT(refusal(), HasSubstr("its state after step 15: 'diverged' and 'trained on'"));
}

TEST_F(MergeTest, DecisionsThatContradictAreRefused) {
  Decision decision = read_decisions(there()).front();
  fs::remove(there().decision("k"));
  decision.winner = kTraining;
  decision.learning_rate = 0.2;
  publish_decision(there(), decision);
  EXPECT_THAT(refusal(), HasSubstr("decision k differs"));
}

TEST_F(MergeTest, TokensThatDifferAreRefused) {
  write_durably(there().data() / "tokens-0123456789abcdef.bin", token_file_bytes('x'));
  const std::string text = refusal();
  EXPECT_THAT(text, HasSubstr("one name, two contents"));
  EXPECT_THAT(text, HasSubstr("; join only folders whose tokens are of one text"));
}

TEST_F(MergeTest, ScoresComeFromBoth) {
  TaskScores scores = sample_scores();
  write_task_scores(task_scores_path(here(), scores), scores);
  write_task_scores(task_scores_path(there(), scores), scores);
  scores.task = "lambada";
  write_task_scores(task_scores_path(there(), scores), scores);
  merged();
  EXPECT_EQ(task_scores_files(out()).size(), 2U);
  EXPECT_EQ(read_task_scores(task_scores_path(out(), scores)), scores);
}

// Two machines that scored the same weights round differently: the run's own folder is kept.
TEST_F(MergeTest, ScoresThatDifferByRoundingAreOne) {
  fs::remove_all(there().run(kTraining));
  train(there(), kTraining, 30, 33);
  TaskScores scores = sample_scores();
  scores.model = kTraining;
  write_task_scores(task_scores_path(here(), scores), scores);
  scores.rows[1].log_probability += 9e-5;
  scores.items[0].values[0] = 0;  // what was a tie
  write_task_scores(task_scores_path(there(), scores), scores);
  EXPECT_EQ(merged().runs_from[1], 1U);
  EXPECT_EQ(read_task_scores(task_scores_path(out(), scores)), scores);
}

TEST_F(MergeTest, ScoresThatDifferAreRefusedWithTheFirstDifference) {
  TaskScores scores = sample_scores();
  write_task_scores(task_scores_path(here(), scores), scores);
  scores.rows[1].log_probability -= 0.01;
  write_task_scores(task_scores_path(there(), scores), scores);
  const std::string text = refusal();
  EXPECT_THAT(text,
              HasSubstr("one trial and task, two scores; log P of item caf\u00e9 1, choice 1"));
  EXPECT_THAT(text, HasSubstr("-2 and -2.01"));
}

// `eval --limit` of one folder and all items of the other.
TEST_F(MergeTest, OfScoresOfFewerItemsTheFullerAreKept) {
  const TaskScores whole = sample_scores();
  TaskScores fewer = whole;
  fewer.items.erase(fewer.items.begin());
  fewer.rows.clear();  // both are of the first item
  fewer.figures = {{0, 0}, {1, 0}};
  write_task_scores(task_scores_path(here(), fewer), fewer);
  write_task_scores(task_scores_path(there(), whole), whole);
  merged();
  EXPECT_EQ(read_task_scores(task_scores_path(out(), whole)), whole);
}

// A run trained on two layouts, of which one folder's was moved away: its scores are of weights
// that are not kept.
TEST_F(MergeTest, ScoresGoWithTheirRun) {
  TaskScores scores = sample_scores(), lost = sample_scores();
  scores.model = lost.model = kFinished;
  fs::remove_all(there().run(kFinished));
  fs::remove_all(there().decisions());  // its arms are not there
  write_task_scores(task_scores_path(here(), scores), scores);
  lost.rows[0].log_probability = -3;
  write_task_scores(task_scores_path(there(), lost), lost);
  lost.task = "lambada";
  write_task_scores(task_scores_path(there(), lost), lost);
  EXPECT_EQ(merged().scores_left, 1U);
  EXPECT_EQ(task_scores_files(out()).size(), 1U);
  EXPECT_EQ(read_task_scores(task_scores_path(out(), scores)), scores);
}

TEST_F(MergeTest, CheckpointsThatBranchesNeedComeFromBoth) {
  const std::string kept = "checkpoint-10.kept";
  write_durably(here().run(kFinished) / kept, checkpoint_bytes(kFinished, 10));
  RunRecord further = record_of(kFinished, 30);
  store(there(), further);
  add_checkpoint(there(), kFinished, 30);
  merged();
  EXPECT_TRUE(fs::exists(out().run(kFinished) / kept));
  EXPECT_TRUE(fs::exists(checkpoint(out(), kFinished, 30)));
}

TEST_F(MergeTest, CheckpointsOfSeveralRanksAreCopiedWhole) {
  store(there(), record_of(kFinished, 30));
  write_checkpoint_parts(checkpoint(there(), kFinished, 30), kFinished, 30);
  merged();
  for (const char* part : {"part-0", "part-1"})
    EXPECT_EQ(read_file(checkpoint(out(), kFinished, 30) / part),
              read_file(checkpoint(there(), kFinished, 30) / part));
}

TEST_F(MergeTest, LeftoversAndClaimsStayBehind) {
  write_durably(here().claim(kTraining), claim_text({.process = dead_process()}));
  write_durably(temporary_beside(here().run_file(kFinished)), "x");
  write_durably(here().run_file(kFinished).string() + ".damaged", "x");
  write_durably(here().stop_file(), "");
  merged();
  EXPECT_EQ(content_of(out().root), content_of(there().root));
}

TEST_F(MergeTest, ADamagedSourceIsBadInput) {
  flip_bit(there().run_file(kFinished), 700);
  EXPECT_THROW(merged(), InputError);
  EXPECT_FALSE(fs::exists(out().root));
}

TEST_F(MergeTest, AFolderThatIsThereIsNotTouched) {
  write_durably(out().root / "mine", "x");
  EXPECT_THROW(merged(), InputError);
  EXPECT_EQ(read_file(out().root / "mine"), "x");
}

// The folder where the program runs would be replaced under it, and a source would change.
TEST_F(MergeTest, NeitherTheWorkingFolderNorOneInASourceIsMade) {
  const fs::path before = fs::current_path();
  fs::create_directories(out().root);
  fs::current_path(out().root);
  const auto place_is_refused = [&](const fs::path& place) {
    const std::vector<StudyFolder> sources = {here(), there()};
    EXPECT_THROW(merge_studies(sources, kText, place, std::chrono::milliseconds(200)), InputError)
        << place;
  };
  for (const fs::path& place : {fs::path("."), fs::path("./"), out().root, here().root / "out",
                                here().runs() / ".." / "out"})
    place_is_refused(place);
  fs::current_path(before);
  EXPECT_TRUE(fs::is_empty(out().root));
  EXPECT_FALSE(fs::exists(here().root / "out"));
}

TEST_F(MergeTest, AFolderNamedByADotAtItsEndIsMadeInItsPlace) {
  fs::create_directories(out().root);
  const std::vector<StudyFolder> sources = {here(), there()};
  merge_studies(sources, kText, out().root / ".", std::chrono::milliseconds(200));
  EXPECT_TRUE(fs::exists(out().study_file()));
}

TEST(ScoreDifference, NamesWhatDiffers) {
  const TaskScores scores = sample_scores();
  EXPECT_EQ(first_difference(scores, scores), "");
  const auto changed = [&](const auto& change) {
    TaskScores other = scores;
    change(other);
    return first_difference(scores, other);
  };
  EXPECT_EQ(changed([](TaskScores& s) { s.shots = 0; }), "shots: 1 and 0");
  EXPECT_EQ(changed([](TaskScores& s) { s.suite_seed = 8; }), "seed of the suite: 7 and 8");
  EXPECT_EQ(changed([](TaskScores& s) { s.card_digest = "ee"; }), "card: cc and ee");
  EXPECT_EQ(changed([](TaskScores& s) { s.data_digest = "ee"; }), "data: dd and ee");
  EXPECT_EQ(changed([](TaskScores& s) { s.tokenizer = "bb"; }), "tokenizer: aa and bb");
  EXPECT_EQ(changed([](TaskScores& s) { s.step = 21; }), "step: 20 and 21");
  EXPECT_EQ(changed([](TaskScores& s) { s.items[1].id = "3"; }), "item 3: in one of them alone");
  EXPECT_EQ(changed([](TaskScores& s) { s.items[1].generated = "a"; }),
            "what was written for item 2");
  EXPECT_EQ(changed([](TaskScores& s) { s.items[1].golds.pop_back(); }), "the choices of item 2");
  EXPECT_EQ(changed([](TaskScores& s) { s.rows.pop_back(); }), "the choices of item caf\u00e9 1");
  EXPECT_EQ(changed([](TaskScores& s) { s.rows[0].unconditional = -2.251; }),
            "log P without its question of item caf\u00e9 1, choice 0: -2.25 and -2.251");
}

TEST(RunDifference, NamesWhatDiffers) {
  const RunRecord record = record_of("0123456789abcdef", 20);
  EXPECT_THAT(first_difference(record, record), IsEmpty());
  RunRecord other = record;
  other.steps.resize(5);  // unfinished: agrees as far as it goes
  other.evaluations.clear();
  EXPECT_THAT(first_difference(record, other), IsEmpty());
  other = record;
  other.evaluations[1].sequence_losses[2] = 4;
  EXPECT_EQ(first_difference(record, other),
            "loss of sequence 2 of the evaluation at step 20: 3 and 4");
  other = record;
  other.header.held_out_hash = "cc";
  EXPECT_EQ(first_difference(record, other), "its held-out text: 'bb' and 'cc'");
  other = record;
  other.steps[3].learning_rate = 1;
  EXPECT_THAT(first_difference(record, other), HasSubstr("learning rate of step 4"));
}

}  // namespace
}  // namespace isoloss
