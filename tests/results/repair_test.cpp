// Repair mends each kind of damage without inventing a number, twice is once, and verify is clean
// afterwards.
#include "results/repair.h"

#include <fcntl.h>
#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <sys/stat.h>
#include <unistd.h>

#include <atomic>
#include <thread>

#include "model/spec/error.h"
#include "results/rank_claims.h"
#include "results/study_makespan.h"
#include "results/task_scores_file.h"
#include "tests/results/study_fixture.h"
#include "tests/results/task_scores_fixture.h"

namespace isoloss {
namespace {

namespace fs = std::filesystem;
using ::testing::HasSubstr;
using ::testing::IsEmpty;
using ::testing::SizeIs;
constexpr std::chrono::milliseconds kSoon{200};

class RepairTest : public StudyTest {
 protected:
  RepairTest() { make_study(study()); }

  // Repairs, and expects that nothing is left to verify or to repair.
  std::vector<RepairAction> repaired() const {
    const Repair repair = repair_study(study(), false, kSoon);
    EXPECT_THAT(repair.left, IsEmpty());
    EXPECT_THAT(verify_study(study()), IsEmpty());
    EXPECT_THAT(repair_study(study(), false, kSoon).actions, IsEmpty());
    return repair.actions;
  }
  // Repairs a damaged study while a process beats there.
  void expect_refused_beside(const fs::path& path) const {
    flip_bit(study().run_file(kFinished), 700);
    std::atomic<bool> over = false;
    const ClaimContent claim{.process = this_process()};
    write_durably(path, claim_text(claim));
    std::thread beating([&] {
      for (ClaimContent next = claim; !over; ++next.beat) {
        write_durably(path, claim_text(next));
        std::this_thread::sleep_for(std::chrono::milliseconds(20));
      }
    });
    // Never expires while it beats, however patient.
    try {
      repair_study(study(), false, std::chrono::minutes(5));
      ADD_FAILURE() << "not refused";
    } catch (const WorkError& error) {
      EXPECT_THAT(error.what(), HasSubstr("while it is trained"));
    }
    over = true;
    beating.join();
    EXPECT_FALSE(fs::exists(aside(study().run_file(kFinished))));
  }
  static fs::path aside(const fs::path& path) { return path.string() + ".damaged"; }
};

TEST_F(RepairTest, AWholeStudyIsLeftAsItIs) {
  const auto before = content_of(folder_);
  EXPECT_THAT(repaired(), IsEmpty());
  EXPECT_EQ(content_of(folder_), before);
}

TEST_F(RepairTest, AFolderThatIsNotThereIsBadInput) {
  EXPECT_THROW(repair_study({folder_ / "nothing"}, false, kSoon), InputError);
}

TEST_F(RepairTest, ATornJournalIsCutToItsLastWholeEvent) {
  const fs::path path = study().journal(kTraining);
  JournalContent expected = read_journal(path);
  expected.events.pop_back();
  cut(path, 5);
  ASSERT_THAT(repaired(), SizeIs(1));
  const JournalContent mended = read_journal(path);
  EXPECT_EQ(mended.events, expected.events);
  EXPECT_EQ(mended.torn_bytes, 0U);
}

TEST_F(RepairTest, ADamagedNewestCheckpointIsSetAsideAndTheOneBeforeServes) {
  const fs::path path = checkpoint(study(), kTraining, 20);
  flip_bit(path, 130);
  const std::string damaged = read_file(path);
  const auto actions = repaired();
  ASSERT_THAT(actions, SizeIs(1));
  EXPECT_THAT(actions[0].effect, HasSubstr("step 10 serves"));
  EXPECT_FALSE(fs::exists(path));
  EXPECT_EQ(read_file(aside(path)), damaged);
  EXPECT_TRUE(fs::exists(checkpoint(study(), kTraining, 10)));
}

TEST_F(RepairTest, ADamagedCheckpointOfSeveralRanksIsSetAsideWhole) {
  const fs::path path = checkpoint(study(), kTraining, 20);
  fs::remove(path);
  write_checkpoint_parts(path, kTraining, 20);
  flip_bit(path / "part-1", 130);
  ASSERT_THAT(repaired(), SizeIs(1));
  EXPECT_FALSE(fs::exists(path));
  EXPECT_TRUE(fs::exists(aside(path) / "part-0"));
}

TEST_F(RepairTest, ACheckpointThatDeadRanksLeftHalfWrittenIsRemoved) {
  std::string left = temporary_beside(checkpoint(study(), kTraining, 30)).string();
  const std::string own = "-" + std::to_string(::getpid()) + "-";
  left.replace(left.rfind(own), own.size(), "-" + std::to_string(dead_process().pid) + "-");
  write_checkpoint_parts(left, kTraining, 30);
  ASSERT_THAT(repaired(), SizeIs(1));
  EXPECT_FALSE(fs::exists(left));
}

TEST_F(RepairTest, ARunFileIsRebuiltFromAJournalThatHoldsAllOfIt) {
  const RunRecord before = *read_run(study(), kTraining);
  flip_bit(study().run_file(kTraining), 700);
  repaired();
  EXPECT_TRUE(fs::exists(aside(study().run_file(kTraining))));
  EXPECT_EQ(read_run_file(study().run_file(kTraining)), before);
  EXPECT_TRUE(fs::exists(checkpoint(study(), kTraining, 20)));
}

TEST_F(RepairTest, ARunFileOfAJournalThatBeginsLaterIsTrainedAgain) {
  fs::remove(study().journal(kTraining));
  JournalWriter writer(study().journal(kTraining), header_of(kTraining), 0);
  for (std::int64_t step = 21; step < 26; ++step) writer.append(sample_step(step));
  writer.flush();
  cut(study().run_file(kTraining), 100);
  repaired();
  // Nothing is left from which training could go on without the steps before it.
  for (const fs::path& path :
       {study().run_file(kTraining), study().journal(kTraining), checkpoint(study(), kTraining, 10),
        checkpoint(study(), kTraining, 20)}) {
    EXPECT_FALSE(fs::exists(path)) << path;
    EXPECT_TRUE(fs::exists(aside(path))) << path;
  }
  EXPECT_FALSE(read_run(study(), kTraining));
  // The search must be decided again, once its arm is trained.
  EXPECT_TRUE(fs::exists(aside(study().decision("k"))));
}

TEST_F(RepairTest, AFinishedRunWhoseFileIsDamagedIsTrainedAgain) {
  flip_bit(study().run_file(kFinished), 700);
  const std::string damaged = read_file(study().run_file(kFinished));
  repaired();
  EXPECT_FALSE(read_run(study(), kFinished));
  EXPECT_EQ(read_file(aside(study().run_file(kFinished))), damaged);
  EXPECT_TRUE(read_run(study(), kTraining));
}

TEST_F(RepairTest, ADamagedJournalIsSetAsideAndTheRunFileServes) {
  flip_bit(study().journal(kTraining), 40);
  const RunRecord stored = read_run_file(study().run_file(kTraining));
  repaired();
  EXPECT_EQ(*read_run(study(), kTraining), stored);
  EXPECT_TRUE(fs::exists(checkpoint(study(), kTraining, 20)));
}

TEST_F(RepairTest, ABranchBeforeItsFirstCheckpointIsLeftAsItIs) {
  const std::string branch = "bbbbbbbbbbbbbbbb";
  JournalWriter writer(study().journal(branch), branch_header(branch), 10);
  for (std::int64_t step = 11; step < 16; ++step) writer.append(sample_step(step));
  writer.flush();
  const auto before = content_of(folder_);
  const Repair repair = repair_study(study(), false, kSoon);
  EXPECT_THAT(repair.actions, IsEmpty());
  EXPECT_THAT(repair.left, IsEmpty());
  EXPECT_EQ(content_of(folder_), before);
}

TEST_F(RepairTest, WithoutItsJournalARunTrainedAgainLosesThoseCheckpoints) {
  write_durably(study().again(kTraining) / "checkpoint-10", checkpoint_bytes(kTraining, 10));
  flip_bit(study().journal(kTraining), 40);
  repaired();
  EXPECT_FALSE(fs::exists(study().again(kTraining) / "checkpoint-10"));
  EXPECT_TRUE(fs::exists(checkpoint(study(), kTraining, 20)));
}

TEST_F(RepairTest, ACurveWithASecondStepIsNeverMendedByGuessing) {
  RunRecord record = record_of(kFinished, 20);
  record.steps.insert(record.steps.begin() + 4, record.steps[4]);
  write_run_file(study().run_file(kFinished), record);
  repaired();
  EXPECT_FALSE(read_run(study(), kFinished));
}

TEST_F(RepairTest, DecisionsAttemptsAndTokensThatAreDamagedAreSetAside) {
  write_durably(study().decision("k"), "{");
  write_durably(study().run(kTraining) / "attempt-1.json", "{");
  cut(study().data() / "tokens-0123456789abcdef.bin", 1);
  EXPECT_THAT(repaired(), SizeIs(3));
  EXPECT_THAT(read_decisions(study()), IsEmpty());
  EXPECT_THAT(read_attempts(study(), kTraining), IsEmpty());
}

TEST_F(RepairTest, AMakespanThatIsDamagedIsSetAside) {
  write_study_makespan(study(), {.ranks = 2, .predicted_seconds = 10});
  write_durably(study().makespan_file(), "{");
  EXPECT_THAT(repaired(), SizeIs(1));
  EXPECT_FALSE(read_study_makespan(study()));
  EXPECT_THAT(verify_study(study()), IsEmpty());
}

TEST_F(RepairTest, ScoresThatAreDamagedOrOfAnotherTaskAreSetAside) {
  TaskScores scores = sample_scores();
  const fs::path cut_short = task_scores_path(study(), scores);
  write_task_scores(cut_short, scores);
  cut(cut_short, 1);
  scores.task = "lambada";
  const fs::path moved = task_scores_path(study(), scores);
  scores.task = "piqa";
  write_task_scores(moved, scores);
  EXPECT_THAT(verify_study(study()), SizeIs(2));
  EXPECT_THAT(repaired(), SizeIs(2));
  EXPECT_TRUE(fs::exists(aside(cut_short)) && fs::exists(aside(moved)));
}

TEST_F(RepairTest, WhatDeadProcessesLeftIsRemoved) {
  write_durably(study().claim(kTraining), claim_text({.process = dead_process()}));
  // Of another machine, and damaged: watched for a while.
  write_durably(study().claim(kFinished), R"({"host":"elsewhere/boot/pid","pid":1,"started":1,)"
                                          R"("rank":3,"beat":7})");
  const ProcessIdentity dead = dead_process();
  const fs::path of_rank = rank_claim(study(), dead);
  write_durably(of_rank, claim_text({.process = dead}));
  const auto left_by = [](const fs::path& path, const std::string& host) {
    return path.string() + ".tmp-" + host + "-" + std::to_string(dead_process().pid) + "-2";
  };
  const std::string here = this_process().host.substr(0, this_process().host.find('/'));
  const std::vector<fs::path> leftovers = {left_by(study().run_file(kFinished), here),
                                           left_by(study().study_file(), here),
                                           left_by(study().journal(kTraining), "elsewhere")};
  for (const fs::path& path : leftovers) write_durably(path, "x");
  EXPECT_THAT(repaired(), SizeIs(6));
  EXPECT_FALSE(fs::exists(of_rank));
  for (const fs::path& path : leftovers) EXPECT_FALSE(fs::exists(path));
  EXPECT_FALSE(fs::exists(study().claim(kTraining)));
  EXPECT_FALSE(fs::exists(study().claim(kFinished)));
}

// However still it is: a process may be suspended.
TEST_F(RepairTest, ATemporaryOfALivingProcessStays) {
  const fs::path path = temporary_beside(study().run_file(kFinished));
  write_durably(path, "x");
  EXPECT_THAT(repair_study(study(), false, kSoon).actions, IsEmpty());
  EXPECT_TRUE(fs::exists(path));
}

TEST_F(RepairTest, WhatOnlyLooksLikeALeftoverStays) {
  const std::vector<fs::path> mine = {
      study().root / "notes.tmp-old", study().root / "kept.tmp-elsewhere-12-0" / "notes.txt",
      study().runs() / "backup" / "run.h5.tmp-elsewhere-12-0", study().runs() / "backup" / "claim"};
  for (const fs::path& path : mine) write_durably(path, "mine");
  EXPECT_THAT(repair_study(study(), false, kSoon).actions, IsEmpty());
  for (const fs::path& path : mine) EXPECT_TRUE(fs::exists(path)) << path;
}

TEST_F(RepairTest, AFolderThatHoldsNoStudyIsBadInput) {
  const StudyFolder other{folder_ / "other"};
  const fs::path path = other.root / "notes.tmp-elsewhere-12-0";
  write_durably(path, "mine");
  write_durably(other.runs() / "backup" / "notes.txt", "mine");
  EXPECT_THROW(repair_study(other, false, kSoon), InputError);
  EXPECT_TRUE(fs::exists(path));
}

// Reading that file fails with EIO, for root too: nothing is mapped at address 0.
TEST_F(RepairTest, AFileThatCannotBeReadIsLeftWithAllThatRestsOnIt) {
  for (const fs::path& path :
       {study().run_file(kFinished), study().journal(kTraining), checkpoint(study(), kTraining, 20),
        study().decision("k"), study().run(kTraining) / "attempt-1.json",
        study().data() / "tokens-0123456789abcdef.bin"}) {
    SCOPED_TRACE(path);
    fs::remove_all(study().root);
    make_study(study());
    fs::remove(path);
    fs::create_symlink("/proc/self/mem", path);
    const Repair repair = repair_study(study(), false, kSoon);
    EXPECT_THAT(repair.actions, IsEmpty());
    ASSERT_THAT(repair.left, SizeIs(1));
    EXPECT_EQ(repair.left[0].path, path);
    EXPECT_EQ(repair.left[0].severity, Severity::Unread);
    EXPECT_TRUE(fs::is_symlink(path));
  }
}

TEST_F(RepairTest, AFileOfANewerVersionIsLeftWithAllThatRestsOnIt) {
  constexpr std::size_t kJournalVersionAt = 8;  // docs/format.md
  constexpr std::size_t kSealBytes = 32;
  constexpr std::size_t kCheckpointVersionAt = 8;  // docs/reliability.md
  const auto summed = [](std::string bytes) {
    bytes.resize(bytes.size() - 8);
    append_u64(bytes, checksum(bytes));
    return bytes;
  };
  const auto expect_left = [&](const fs::path& path, const std::string& newer) {
    SCOPED_TRACE(path);
    fs::remove_all(study().root);
    make_study(study());
    write_durably(path, newer);
    const Repair repair = repair_study(study(), false, kSoon);
    EXPECT_THAT(repair.actions, IsEmpty());
    ASSERT_THAT(repair.left, SizeIs(1));
    EXPECT_EQ(repair.left[0].path, path);
    EXPECT_EQ(repair.left[0].severity, Severity::Unread);
    EXPECT_THAT(repair.left[0].problem, HasSubstr("version of isoloss that wrote it"));
    EXPECT_EQ(read_file(path), newer);
  };
  std::string bytes = read_file(study().run_file(kFinished));
  bytes[bytes.size() - kSealBytes + 8] = 99;
  expect_left(study().run_file(kFinished), summed(bytes));
  bytes = read_file(study().journal(kTraining));
  bytes[kJournalVersionAt] = 99;
  expect_left(study().journal(kTraining), bytes);
  bytes = read_file(checkpoint(study(), kTraining, 20));
  bytes[kCheckpointVersionAt] = 99;
  expect_left(checkpoint(study(), kTraining, 20), summed(bytes));
  expect_left(study().decision("k"), R"({"format":"isoloss decision","version":99})");
  expect_left(study().run(kTraining) / "attempt-1.json",
              R"({"format":"isoloss attempt","version":99})");
}

TEST_F(RepairTest, RefusesWhileAClaimBeats) { expect_refused_beside(study().claim(kTraining)); }

TEST_F(RepairTest, RefusesWhileARankOfAJobBeats) {
  expect_refused_beside(rank_claim(study(), this_process()));
}

// Its process goes on with another run.
TEST_F(RepairTest, RefusesWhereAClaimIsGivenBackMeanwhile) {
  write_durably(study().claim(kTraining), claim_text({.process = this_process()}));
  std::thread ending([&] {
    std::this_thread::sleep_for(std::chrono::seconds(1));
    fs::remove(study().claim(kTraining));
  });
  EXPECT_THROW(repair_study(study(), false, std::chrono::minutes(5)), WorkError);
  ending.join();
}

// Somebody mends the run between repair's first look and its claim: the look waits in a pipe.
TEST_F(RepairTest, WhatItSawBeforeItsClaimIsNotWhatItActsOn) {
  const fs::path attempt = study().run(kTraining) / "attempt-1.json";
  const std::string whole = read_file(study().run_file(kTraining));
  const std::string told = read_file(attempt);
  flip_bit(study().run_file(kTraining), 700);
  fs::remove(attempt);
  ASSERT_EQ(::mkfifo(attempt.c_str(), 0600), 0);
  std::thread other([&] {
    const int pipe = ::open(attempt.c_str(), O_WRONLY);
    write_durably(study().run_file(kTraining), whole);
    fs::remove(attempt);
    write_durably(attempt, told);
    ::close(pipe);
  });
  const Repair repair = repair_study(study(), false, kSoon);
  other.join();
  EXPECT_THAT(repair.actions, IsEmpty());
  EXPECT_EQ(read_file(study().run_file(kTraining)), whole);
  EXPECT_FALSE(fs::exists(aside(study().run_file(kTraining))));
}

TEST_F(RepairTest, ADryRunTellsAllAndChangesNothing) {
  flip_bit(study().run_file(kFinished), 700);
  cut(study().journal(kTraining), 5);
  cut(checkpoint(study(), kTraining, 20), 5);
  const auto before = content_of(folder_);
  const Repair told = repair_study(study(), true, kSoon);
  EXPECT_EQ(content_of(folder_), before);
  EXPECT_THAT(told.left, IsEmpty());
  const auto done = repaired();
  ASSERT_EQ(told.actions.size(), done.size());
  for (std::size_t i = 0; i < done.size(); ++i) {
    EXPECT_EQ(told.actions[i].path, done[i].path);
    EXPECT_EQ(told.actions[i].kind, done[i].kind);
  }
}

TEST_F(RepairTest, WhatItCannotMendIsNamed) {
  fs::remove(study().study_file());
  write_durably(study().runs() / "notes.txt", "mine");
  for (const bool dry_run : {true, false}) {
    const Repair repair = repair_study(study(), dry_run, kSoon);
    ASSERT_THAT(repair.left, SizeIs(2));
    EXPECT_EQ(repair.left[0].path, study().runs() / "notes.txt");
    EXPECT_EQ(repair.left[0].severity, Severity::Warning);
    EXPECT_EQ(repair.left[1].path, study().study_file());
    EXPECT_EQ(repair.left[1].severity, Severity::Damage);
  }
  EXPECT_EQ(read_file(study().runs() / "notes.txt"), "mine");
}

// Whatever byte of whatever file is struck, repair leaves a folder that verify finds whole, and
// every loss that is still there is one that was there before.
TEST_F(RepairTest, AnyFileCutAnywhereEndsInAWholeFolderWithTheOldNumbers) {
  const RunRecord finished = *read_run(study(), kFinished);
  const RunRecord training = *read_run(study(), kTraining);
  const auto prefix_of = [](const std::optional<RunRecord>& record, const RunRecord& of) {
    if (!record) return true;
    return record->steps.size() <= of.steps.size() &&
           std::equal(record->steps.begin(), record->steps.end(), of.steps.begin()) &&
           record->evaluations.size() <= of.evaluations.size() &&
           std::equal(record->evaluations.begin(), record->evaluations.end(),
                      of.evaluations.begin());
  };
  for (const auto& [name, content] : content_of(study().root)) {
    if (name == "study.yaml") continue;
    for (const std::size_t eighth : {0, 1, 3, 5, 7}) {
      SCOPED_TRACE(name + " cut to " + std::to_string(eighth) + "/8");
      fs::remove_all(study().root);
      make_study(study());
      write_durably(study().root / name, content.substr(0, content.size() * eighth / 8));
      repair_study(study(), false, kSoon);
      EXPECT_THAT(verify_study(study()), IsEmpty());
      EXPECT_TRUE(prefix_of(read_run(study(), kFinished), finished));
      EXPECT_TRUE(prefix_of(read_run(study(), kTraining), training));
    }
  }
}

}  // namespace
}  // namespace isoloss
