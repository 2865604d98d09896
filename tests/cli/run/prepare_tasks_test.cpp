// `isoloss data prepare-tasks` from outside, on samples of our own in each publisher's form.
#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <sys/stat.h>

#include "tests/cli/program.h"
#include "tests/places.h"

namespace isoloss {
namespace {

using test::Outcome;
using test::spill;
using test::TemporaryFolder;
using testing::HasSubstr;

const std::string kSamples = test::checkout() + "/tests/harness/oneshot/publishers";

TEST(PrepareTasks, WritesWhatIsThereAndWarnsOfCounts) {
  const TemporaryFolder scratch;
  const Outcome outcome =
      test::isoloss("data prepare-tasks '" + kSamples + "' --out tasks.bin", scratch.path());
  ASSERT_EQ(outcome.status, 0) << outcome.err;
  EXPECT_THAT(outcome.out, HasSubstr("read     hellaswag      1 items, 1 of 1 shots; MIT\n"));
  EXPECT_THAT(outcome.out, HasSubstr("29 data sets, 0 missing, for tokenizer bytes ("));
  EXPECT_THAT(outcome.err,
              HasSubstr("warning: piqa: 2 items where its publisher's validation split has 1838"));
  EXPECT_EQ(test::slurp(scratch / "tasks.bin").substr(0, 8), "ISOLTSK\n");
}

TEST(PrepareTasks, OneThatCannotBeReadDoesNotKeepTheOthersOut) {
  const TemporaryFolder scratch;
  spill(scratch / "sets/piqa/valid.jsonl", "{\"goal\": \"g\", \"sol1\": \"a\", \"label\": 0}\n");
  spill(scratch / "sets/naturalqs/NQ-open.dev.jsonl",
        "{\"question\": \"q\", \"answer\": [\"a\"]}\n");
  spill(scratch / "sets/wic/validation.parquet", "PAR1");
  spill(scratch / "sets/cb/validation.csv", "premise\n");
  const Outcome outcome = test::isoloss("data prepare-tasks sets --out tasks.bin", scratch.path());
  EXPECT_EQ(outcome.status, 2);
  EXPECT_THAT(outcome.err, HasSubstr("error: piqa: sets/piqa/valid.jsonl:1: no 'sol2' ("));
  EXPECT_THAT(outcome.err, HasSubstr("error: wic: sets/wic/validation.parquet: damaged parquet ("));
  EXPECT_THAT(outcome.err, HasSubstr("2 of the data sets could not be read (see above); "));
  EXPECT_THAT(outcome.out,
              HasSubstr("missing  cb             folder cb holds none of val.jsonl, "));
  EXPECT_THAT(outcome.out, HasSubstr("tasks.bin: 1 items of 1 data sets, 28 missing"));
  EXPECT_TRUE(std::filesystem::exists(scratch / "tasks.bin"));
}

TEST(PrepareTasks, ReadsTheHubsParquet) {
  const TemporaryFolder scratch;
  const Outcome outcome = test::isoloss(
      "data prepare-tasks '" + test::checkout() + "/tests/harness/oneshot/hub' --out tasks.bin",
      scratch.path());
  if (outcome.err.find("(its library was missing when isoloss was built)") != std::string::npos)
    GTEST_SKIP() << outcome.err;
  ASSERT_EQ(outcome.status, 0) << outcome.err;
  EXPECT_THAT(outcome.out, HasSubstr("29 data sets, 0 missing, for tokenizer bytes ("));
}

// The passage of the samples' three DROP items has sixteen words.
TEST(PrepareTasks, ItemsThatStandInTheTrainingTextAreCounted) {
  const TemporaryFolder scratch;
  spill(scratch / "training.txt",
        "It was so: the team won 21 games on 3 May 1990, and lost 4; Lee and others saw it.\n");
  const Outcome outcome =
      test::isoloss("data prepare-tasks '" + kSamples + "' --out tasks.bin --training training.txt",
                    scratch.path());
  ASSERT_EQ(outcome.status, 0) << outcome.err;
  EXPECT_THAT(outcome.out, HasSubstr("overlap  drop           3 of 3 items share 13 words"));
  EXPECT_THAT(outcome.out, HasSubstr("overlap  squadv2        0 of 3 items share 13 words"));
}

// The training text, a device.
TEST(PrepareTasks, ReplacesNothingButTaskData) {
  const TemporaryFolder scratch;
  spill(scratch / "training.txt", "words");
  ASSERT_EQ(::mkfifo((scratch / "pipe").c_str(), 0600), 0);
  for (const char* out : {"training.txt", "pipe"}) {
    const Outcome outcome =
        test::isoloss("data prepare-tasks '" + kSamples + "' --training training.txt --out " + out,
                      scratch.path());
    EXPECT_EQ(outcome.status, 2);
    EXPECT_THAT(outcome.err, HasSubstr(std::string(out) + ": something else is there ("));
  }
  EXPECT_EQ(test::slurp(scratch / "training.txt"), "words");
  EXPECT_TRUE(std::filesystem::is_fifo(scratch / "pipe"));
  spill(scratch / "old.bin", "ISOLTSK\ncut");
  EXPECT_EQ(
      test::isoloss("data prepare-tasks '" + kSamples + "' --out old.bin", scratch.path()).status,
      0);
}

TEST(PrepareTasks, BadUsageIsRefusedWithWhatToDo) {
  const TemporaryFolder scratch;
  const auto refusal = [&](const std::string& arguments) {
    const Outcome outcome = test::isoloss("data prepare-tasks " + arguments, scratch.path());
    EXPECT_EQ(outcome.status, 2) << arguments;
    EXPECT_FALSE(std::filesystem::exists(scratch / "t.bin"));
    return outcome.err;
  };
  EXPECT_THAT(refusal("sets"), HasSubstr("--out is missing"));
  EXPECT_THAT(refusal("nowhere --out t.bin"), HasSubstr("nowhere is no folder"));
  EXPECT_THAT(refusal("'" + kSamples + "' --out t.bin --tokenizer words"),
              HasSubstr("--tokenizer is 'words' (no tokenizer, and no tokens lie there); give"));
  EXPECT_THAT(refusal("'" + kSamples + "' --out t.bin --shots -1"), HasSubstr("--shots is -1"));
  std::filesystem::create_directories(scratch / "empty");
  EXPECT_THAT(refusal("empty --out t.bin"),
              HasSubstr("empty holds no data set that could be read"));
}

}  // namespace
}  // namespace isoloss
