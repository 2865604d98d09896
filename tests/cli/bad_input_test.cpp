// Bad input: exit status 2 and one line `problem (why); what to do` on standard error, nothing on
// standard output, nothing half-written.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <algorithm>

#include "tests/cli/program.h"
#include "tests/places.h"

namespace isoloss::test {
namespace {

using testing::HasSubstr;

void expect_refused(const Outcome& outcome, int status = 2) {
  EXPECT_EQ(outcome.status, status) << outcome.err;
  EXPECT_EQ(std::count(outcome.err.begin(), outcome.err.end(), '\n'), 1) << outcome.err;
  EXPECT_THAT(outcome.err, testing::StartsWith("isoloss: "));
  EXPECT_THAT(outcome.err, HasSubstr("("));
  EXPECT_THAT(outcome.err, HasSubstr("; "));
  EXPECT_EQ(outcome.out, "");
}

TEST(BadInput, CommandThatIsNotThereNamesTheNearest) {
  const TemporaryFolder scratch;
  const Outcome outcome = isoloss("savngs x", scratch.path());
  expect_refused(outcome);
  EXPECT_THAT(outcome.err, HasSubstr("savings"));
}

TEST(BadInput, UnknownOptionNamesTheNearest) {
  const TemporaryFolder scratch;
  const Outcome outcome = isoloss("fit x.csv --objectve huber", scratch.path());
  expect_refused(outcome);
  EXPECT_THAT(outcome.err, HasSubstr("--objective"));
}

// A variable of a script that is not set.
TEST(BadInput, EmptyArchitecturesAndLosses) {
  const TemporaryFolder scratch;
  for (const char* asked :
       {"fit x.csv --architecture ''", "savings x.csv --baseline a --candidate b --at ''"}) {
    const Outcome outcome = isoloss(asked, scratch.path());
    expect_refused(outcome);
    EXPECT_THAT(outcome.err, HasSubstr("is empty (")) << asked;
  }
}

// An unsigned option takes -1 for 18446744073709551615 where nobody looks.
TEST(BadInput, SeedsBelowZero) {
  const TemporaryFolder scratch;
  for (const char* command :
       {"fit x.csv --seed -1", "fit x.csv --seed=-1", "savings x.csv --seed -1",
        "report x.csv --seed -1", "compare x --baseline a --candidate b --seed -1"}) {
    SCOPED_TRACE(command);
    const Outcome outcome = isoloss(command, scratch.path());
    expect_refused(outcome);
    EXPECT_THAT(outcome.err, HasSubstr("--seed is -1 (below 0); give 0 or more"));
  }
}

// As of a variable of the shell that is not set.
TEST(BadInput, EmptyPlaces) {
  const TemporaryFolder scratch;
  expect_refused(isoloss("plan ''", scratch.path()));
  const Outcome outcome =
      isoloss("submit '" + test::checkout() + "/sweeps/quickstart.yaml' --dry-run --out ''",
              scratch.path());
  expect_refused(outcome);
  EXPECT_THAT(outcome.err, HasSubstr("--out is empty ("));
  for (const char* command :
       {"fit x.csv --architecture ''", "savings x.csv --baseline a --candidate ''",
        "report x.csv --tensorboard ''"}) {
    SCOPED_TRACE(command);
    const Outcome refused = isoloss(command, scratch.path());
    expect_refused(refused);
    EXPECT_THAT(refused.err, HasSubstr("is empty (a variable of the shell that is not set?)"));
  }
}

// A pipe or a device has no folder for what is written beside a file.
TEST(BadInput, PagesBesideWhatIsNoFile) {
  const TemporaryFolder scratch;
  const Outcome outcome = isoloss("report /dev/stdin", scratch.path());
  expect_refused(outcome);
  EXPECT_THAT(outcome.err, HasSubstr("/dev/stdin: no place for a page beside it ("));
}

// What a program's bytes say would end the line at a zero, or talk to the terminal.
TEST(BadInput, StudyFileOfBytesThatDoNotPrint) {
  const TemporaryFolder scratch;
  spill(scratch / "study.yaml", std::string("study: \"a\\\0b\"\n", 13));
  const Outcome outcome = isoloss("plan study.yaml", scratch.path());
  expect_refused(outcome);
  spill(scratch / "study.yaml", "study: \"a\\\x1b[2Jb\"\n");
  const Outcome escaped = isoloss("plan study.yaml", scratch.path());
  expect_refused(escaped);
  EXPECT_EQ(escaped.err.find('\x1b'), std::string::npos);
}

TEST(BadInput, StudyFileThatIsNotThere) {
  const TemporaryFolder scratch;
  const Outcome outcome = isoloss("plan nowhere.yaml", scratch.path());
  expect_refused(outcome);
  EXPECT_THAT(outcome.err, HasSubstr("nowhere.yaml"));
}

// Linux's /proc/PID/mem is a regular file, and page 0 of it, which nothing is mapped to, an
// input/output error.
TEST(BadInput, StudyFileThatCannotBeRead) {
  const TemporaryFolder scratch;
  std::error_code none;
  if (!std::filesystem::is_regular_file("/proc/self/mem", none)) GTEST_SKIP() << "no /proc here";
  std::filesystem::create_symlink("/proc/self/mem", scratch / "study.yaml");
  const Outcome outcome = isoloss("plan study.yaml", scratch.path());
  expect_refused(outcome);
  EXPECT_THAT(outcome.err, HasSubstr("study.yaml: cannot read the study file (an input/output"));
}

TEST(BadInput, MalformedYamlNamesItsLine) {
  const TemporaryFolder scratch;
  spill(scratch / "bad.yaml", "study: a\ndata: {text: [\n");
  const Outcome outcome = isoloss("plan bad.yaml", scratch.path());
  expect_refused(outcome);
  EXPECT_THAT(outcome.err, HasSubstr("bad.yaml:"));
}

TEST(BadInput, FolderOfNoStudy) {
  const TemporaryFolder scratch;
  for (const char* command : {"points .", "verify nowhere", "status nowhere", "report nowhere"}) {
    SCOPED_TRACE(command);
    expect_refused(isoloss(command, scratch.path()));
  }
}

TEST(BadInput, WhatIsNoFolderAndWhatIsNoFile) {
  const TemporaryFolder scratch;
  spill(scratch / "points.csv", "architecture,parameters,tokens,flops,loss\n");
  for (const char* command : {"points points.csv", "points nowhere",
                              "compare points.csv --baseline "
                              "a --candidate b",
                              "predict .", "fit ."}) {
    SCOPED_TRACE(command);
    const Outcome outcome = isoloss(command, scratch.path());
    expect_refused(outcome);
    EXPECT_THAT(outcome.err, testing::Not(HasSubstr("/runs")));
  }
}

TEST(BadInput, CsvNamesFileAndLine) {
  const TemporaryFolder scratch;
  spill(scratch / "points.csv",
        "architecture,parameters,tokens,flops,loss\na,1e6,2e7,1.2e14,3.5\na,1e6,2e7,many,3.4\n");
  const Outcome outcome = isoloss("fit points.csv", scratch.path());
  expect_refused(outcome);
  EXPECT_THAT(outcome.err, HasSubstr("points.csv:3"));
}

TEST(BadInput, CsvWithoutARequiredColumn) {
  const TemporaryFolder scratch;
  spill(scratch / "points.csv", "architecture,parameters,tokens,flops\na,1e6,2e7,1.2e14\n");
  const Outcome outcome = isoloss("fit points.csv", scratch.path());
  expect_refused(outcome);
  EXPECT_THAT(outcome.err, HasSubstr("loss"));
}

TEST(BadInput, ArchitectureThatIsNotInTheTable) {
  const TemporaryFolder scratch;
  spill(scratch / "points.csv",
        "architecture,parameters,tokens,flops,loss\ntransformer,1e6,2e7,1.2e14,3.5\n"
        "primer,1e6,2e7,1.2e14,3.4\n");
  const Outcome outcome =
      isoloss("savings points.csv --baseline transfomer --candidate primer", scratch.path());
  expect_refused(outcome);
  EXPECT_THAT(outcome.err, HasSubstr("'transformer'"));
}

TEST(BadInput, ForeignAndTruncatedRunFiles) {
  const TemporaryFolder scratch;
  spill(scratch / "s/study.yaml", "study: s\n");
  spill(scratch / "s/runs/0123456789abcdef/run.h5", "this is no HDF5 file");
  const Outcome outcome = isoloss("points s", scratch.path());
  expect_refused(outcome);
  EXPECT_THAT(outcome.err, HasSubstr("run.h5"));
}

TEST(BadInput, LossesThatDoNotOverlapAreRefusedAsFailedWork) {
  const TemporaryFolder scratch;
  std::string csv = "architecture,parameters,tokens,flops,loss\n";
  for (int i = 0; i < 4; ++i) {
    const std::string flops = "1e" + std::to_string(15 + i);
    csv += "a,,," + flops + "," + std::to_string(5.0 - 0.1 * i) + "\n";
    csv += "b,,," + flops + "," + std::to_string(3.0 - 0.1 * i) + "\n";
  }
  spill(scratch / "points.csv", csv);
  const Outcome outcome = isoloss("savings points.csv --baseline a --candidate b", scratch.path());
  expect_refused(outcome, 1);
  EXPECT_THAT(outcome.err, HasSubstr("overlap"));
}

// 80 GB of an H100 (data sheet) over 48 ranks are 1.667 GB, of which half a GiB is kept for what
// CUDA and NCCL load: 1.130 GB.
TEST(BadInput, RunsThatDoNotFitBesideOthersOnADevice) {
  const TemporaryFolder scratch;
  spill(scratch / "study.yaml",
        "study: large\n"
        "data: {synthetic: {symbols: 32, topics: 4}}\n"
        "model: {d_head: 64, sequence: 16, layers: 12}\n"
        "optimizer: {warmup_steps: 10, batch_tokens: 64}\n"
        "grid: {architecture: [transformer], size: [{name: s, d_model: 1024}], budget: {tokens: "
        "[640]}}\n"
        "run: {dtype: bfloat16, device: cuda, ranks_per_device: 48}\n");
  const Outcome outcome = isoloss("plan study.yaml --ranks 48 --device h100", scratch.path());
  expect_refused(outcome);
  EXPECT_THAT(outcome.err, HasSubstr("each of 48 ranks of a device has 1.13 GB"));
}

}  // namespace
}  // namespace isoloss::test
