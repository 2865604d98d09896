// The file of a model's scores keeps every bit and is refused when any bit changed.
#include "results/task_scores_file.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <cmath>
#include <cstdlib>
#include <fstream>

#include "model/spec/error.h"
#include "results/durable_file.h"
#include "results/run_file.h"
#include "tests/results/study_fixture.h"
#include "tests/results/task_scores_fixture.h"

namespace isoloss {
namespace {

using ::testing::HasSubstr;

class TaskScoresFile : public StudyTest {
 protected:
  std::filesystem::path stored(const TaskScores& scores) const {
    const std::filesystem::path path = task_scores_path(study(), scores);
    write_task_scores(path, scores);
    return path;
  }
};

std::string scores_refusal(std::string_view bytes) {
  try {
    task_scores_from(bytes, "FILE");
  } catch (const InputError& error) {
    EXPECT_THAT(error.what(), ::testing::StartsWith("cannot read FILE ("));
    EXPECT_THAT(error.what(), ::testing::Not(HasSubstr("\n")));
    return error.what();
  }
  return "accepted";
}

TEST_F(TaskScoresFile, ComesBackEqual) {
  const TaskScores back = read_task_scores(stored(sample_scores()));
  EXPECT_EQ(back, sample_scores());
  EXPECT_TRUE(std::signbit(back.items[1].values[0]));
}

TEST_F(TaskScoresFile, ATaskWithoutItemsComesBackEqual) {
  TaskScores scores = sample_scores();
  scores.items.clear();
  scores.rows.clear();
  EXPECT_EQ(task_scores_from(task_scores_bytes(scores), "FILE"), scores);
}

TEST_F(TaskScoresFile, WhetherTheTrainingTextWasSearchedMayNotBeKnown) {
  TaskScores scores = sample_scores();
  for (const std::optional<bool> searched : {std::optional<bool>(), std::optional(false)}) {
    scores.overlap_searched = searched;
    EXPECT_EQ(task_scores_from(task_scores_bytes(scores), "FILE").overlap_searched, searched);
  }
}

TEST_F(TaskScoresFile, EqualScoresGiveEqualBytes) {
  EXPECT_EQ(task_scores_bytes(sample_scores()), task_scores_bytes(sample_scores()));
}

TEST_F(TaskScoresFile, LiesByTrialProfileTaskAndStep) {
  EXPECT_EQ(task_scores_path({"STUDY"}, sample_scores()).string(),
            "STUDY/scores/0123456789abcdef-2e11-flops/gpt3.race_high.20.h5");
}

TEST_F(TaskScoresFile, ANameWithASlashIsRefused) {
  TaskScores scores = sample_scores();
  scores.task = "a/b";
  EXPECT_THROW(task_scores_path(study(), scores), InputError);
  scores.task = "";
  EXPECT_THROW(task_scores_path(study(), scores), InputError);
}

TEST_F(TaskScoresFile, AFlippedBitAnywhereIsRefused) {
  std::string bytes = task_scores_bytes(sample_scores());
  for (std::size_t at = 0; at < bytes.size(); at += at + 64 < bytes.size() ? 31 : 1) {
    const char whole = bytes[at];
    bytes[at] = static_cast<char>(whole ^ (1 << (at % 8)));
    EXPECT_NE(scores_refusal(bytes), "accepted") << "byte " << at;
    bytes[at] = whole;
  }
}

TEST_F(TaskScoresFile, AFileCutShortAnywhereIsRefused) {
  const std::string bytes = task_scores_bytes(sample_scores());
  for (std::size_t length = 0; length < bytes.size(); length += length < 600 ? 1 : 97)
    EXPECT_NE(scores_refusal(std::string_view(bytes).substr(0, length)), "accepted") << length;
}

TEST_F(TaskScoresFile, ADamagedFileIsNamed) {
  const std::filesystem::path path = stored(sample_scores());
  cut(path, 5);
  try {
    read_task_scores(path);
    FAIL() << "no error";
  } catch (const InputError& error) {
    EXPECT_THAT(error.what(), HasSubstr(path.string()));
  }
}

TEST_F(TaskScoresFile, ARunFileIsNoFileOfScores) {
  EXPECT_THAT(scores_refusal(run_file_bytes(sample_record())),
              HasSubstr("attribute format is 'isoloss run'"));
  EXPECT_THROW(run_record_from(task_scores_bytes(sample_scores()), "FILE"), InputError);
}

TEST_F(TaskScoresFile, ARowOfNoItemIsRefused) {
  TaskScores scores = sample_scores();
  scores.rows[1].item = 2;
  EXPECT_THAT(scores_refusal(task_scores_bytes(scores)), HasSubstr("names item 2 of 2"));
}

TEST_F(TaskScoresFile, AnItemWithoutAValueAMetricIsNotStored) {
  TaskScores scores = sample_scores();
  scores.items[1].values.pop_back();
  EXPECT_THROW(stored(scores), WorkError);
  scores = sample_scores();
  scores.figures.pop_back();
  EXPECT_THROW(stored(scores), WorkError);
  scores = sample_scores();
  scores.metrics[1] = scores.metrics[0];
  EXPECT_THROW(stored(scores), WorkError);
}

TEST_F(TaskScoresFile, EveryFileOfAStudyIsListedOnce) {
  EXPECT_TRUE(task_scores_files(study()).empty());
  TaskScores scores = sample_scores();
  const auto last = stored(scores);
  scores.step = 10;
  const auto first = stored(scores);
  write_durably(first.string() + ".damaged", "x");
  EXPECT_EQ(task_scores_files(study()), (std::vector{first, last}));
}

// Values written out by hand from task_scores_fixture.h.
constexpr const char* kReadScores = R"(
import sys
import h5py
with h5py.File(sys.argv[1]) as f:
    assert f.attrs['format'] == 'isoloss scores' and f.attrs['chance'] == 0.25
    assert [m.decode() for m in f['metrics']] == ['accuracy', 'f1']
    assert list(f['values/f1'][:]) == [0.5, 1.0]
    assert list(f['figures/value'][:]) == [0.5, 0.625]
    assert f['items/cluster'][1].decode() == 'passage'
    assert f['items/generated'][1] == b'a\\0b\\\\0\n'
    assert list(f['golds/item'][:]) == [1, 1] and f['golds/text'][0] == b'x\\\\'
    assert list(f['choices/log_probability'][:]) == [-1.5, -2.0]
    assert list(f['choices/gold'][:]) == [1, 0]
)";

TEST_F(TaskScoresFile, H5pyReadsWhatWasWritten) {
  std::string python;
  for (const std::string candidate : {"python3", "/usr/bin/python3"})
    if (python.empty() && std::system((candidate + " -c 'import h5py' 2>/dev/null").c_str()) == 0)
      python = candidate;
  if (python.empty()) GTEST_SKIP() << "no python3 here has h5py";
  std::ofstream(folder_ / "check.py") << kReadScores;
  const std::string command =
      python + " " + (folder_ / "check.py").string() + " " + stored(sample_scores()).string();
  EXPECT_EQ(std::system(command.c_str()), 0);
}

}  // namespace
}  // namespace isoloss
