// A journal keeps what was flushed, whatever killed its writer, and goes on where it was cut.
#include "results/journal.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <signal.h>
#include <sys/wait.h>

#include <fstream>
#include <nlohmann/json.hpp>

#include "model/spec/error.h"
#include "results/durable_file.h"
#include "results/file_seal.h"
#include "results/journal_frames.h"
#include "results/run_event_cbor.h"
#include "results/run_header_fields.h"
#include "tests/results/results_fixture.h"
#include "tests/results/small_disk.h"

namespace isoloss {
namespace {

using ::testing::HasSubstr;

class Journal : public ResultsTest {
 protected:
  std::filesystem::path path() const { return folder_ / "journal"; }

  // A journal of steps 1 to `last` with an evaluation at every fifth.
  void write_steps(std::int64_t last) const {
    JournalWriter writer(path(), sample_header(), 0);
    for (std::int64_t step = 1; step <= last; ++step) {
      writer.append(sample_step(step));
      if (step % 5 == 0) writer.append(sample_evaluation(step));
    }
    writer.flush();
  }

  std::vector<std::int64_t> steps() const {
    RunRecord record;
    apply_events(record, read_journal(path()).events);
    std::vector<std::int64_t> steps;
    for (const StepMetrics& step : record.steps) steps.push_back(step.step);
    return steps;
  }

  static std::vector<std::int64_t> up_to(std::int64_t last) {
    std::vector<std::int64_t> steps(static_cast<std::size_t>(last));
    std::iota(steps.begin(), steps.end(), 1);
    return steps;
  }

  std::string refusal() const {
    try {
      read_journal(path());
    } catch (const InputError& error) {
      return error.what();
    }
    return "accepted";
  }
};

TEST_F(Journal, EventsComeBackEqualAndInOrder) {
  Evaluation odd = sample_evaluation(2);
  odd.sequence_losses = {-0.0F, std::numeric_limits<float>::denorm_min()};
  odd.flops = 0.1;
  const std::vector<RunEvent> events = {sample_step(1), odd, sample_score(2),
                                        RunEnd{RunState::Diverged, "caf\u00e9"}};
  JournalWriter writer(path(), sample_header(), 0);
  for (const RunEvent& event : events) writer.append(event);
  writer.flush();
  const JournalContent content = read_journal(path());
  EXPECT_EQ(content.header, sample_header());
  EXPECT_EQ(content.events, events);
  EXPECT_EQ(content.torn_bytes, 0U);
}

// What versions before forward seconds wrote: the same array without its last value.
TEST_F(Journal, AnEvaluationOfAnEarlierVersionComesBackWithoutForwardSeconds) {
  const std::string bytes = event_to_cbor(sample_evaluation(2));
  const auto array = nlohmann::json::from_cbor(bytes);
  ASSERT_EQ(array.size(), 12U);
  std::string earlier;
  nlohmann::json::to_cbor(nlohmann::json(array.begin(), array.end() - 1), earlier);
  Evaluation expected = sample_evaluation(2);
  expected.forward_seconds = 0;
  EXPECT_EQ(std::get<Evaluation>(event_from_cbor(earlier)), expected);
}

TEST_F(Journal, LossesThatAreNotFiniteComeBack) {
  StepMetrics step = sample_step(1);
  step.loss = std::numeric_limits<double>::quiet_NaN();
  step.gradient_norm = -std::numeric_limits<double>::infinity();
  const auto back = std::get<StepMetrics>(event_from_cbor(event_to_cbor(step)));
  EXPECT_TRUE(std::isnan(back.loss));
  EXPECT_EQ(back.gradient_norm, step.gradient_norm);
}

// RFC 8949 by hand: array of 6, text "step", 1, then 0.5 and 2.0 as float32, 1.1 as float64.
TEST_F(Journal, AStepIsTheseBytesOfCbor) {
  const unsigned char expected[] = {0x86, 0x64, 's',  't',  'e',  'p',  0x01, 0xfa,
                                    0x3f, 0x00, 0x00, 0x00, 0xfb, 0x3f, 0xf1, 0x99,
                                    0x99, 0x99, 0x99, 0x99, 0x9a, 0xfa, 0x40, 0x00,
                                    0x00, 0x00, 0xfa, 0x3f, 0x00, 0x00, 0x00};
  const std::string bytes(reinterpret_cast<const char*>(expected), sizeof expected);
  EXPECT_EQ(event_to_cbor(StepMetrics{1, 0.5, 1.1, 2.0, 0.5}), bytes);
}

TEST_F(Journal, TheListOfHeaderFieldsIsWhole) {
  RunHeader copy;
  const RunHeader original = sample_header();
  EXPECT_EQ(header_from_cbor(header_to_cbor(original)), original);
  int fields = 0;
  visit_fields(copy, [&](const char*, const auto&) { ++fields; });
  EXPECT_EQ(fields, 27);
}

TEST_F(Journal, ATailTornAtAnyByteLosesOnlyTheLastEvent) {
  write_steps(6);
  const std::string whole = read_file(path());
  const std::size_t last = scan_frames(whole, path()).frames.back().begin;
  for (std::size_t length = last; length < whole.size(); ++length) {
    std::ofstream(path(), std::ios::binary | std::ios::trunc) << whole.substr(0, length);
    EXPECT_EQ(steps(), up_to(5)) << length;
    EXPECT_EQ(read_journal(path()).torn_bytes, length - last);
  }
}

TEST_F(Journal, ATailOfZerosIsATornTail) {
  write_steps(6);
  std::ofstream(path(), std::ios::binary | std::ios::app) << std::string(100, '\0');
  EXPECT_EQ(steps(), up_to(6));
}

// All of its bytes are there, so that it is no torn tail. A longer length alone cannot be told from
// one.
TEST_F(Journal, AChangedByteInTheLastEventIsDamageUnlessItMakesItLonger) {
  write_steps(6);
  const std::string whole = read_file(path());
  const std::size_t last = scan_frames(whole, path()).frames.back().begin;
  for (std::size_t at = last; at < whole.size(); ++at) {
    std::string changed = whole;
    changed[at] = static_cast<char>(changed[at] ^ 0x10);
    std::ofstream(path(), std::ios::binary | std::ios::trunc) << changed;
    if (u32_at(changed, last) > u32_at(whole, last))
      EXPECT_EQ(steps(), up_to(5)) << at;
    else
      EXPECT_THAT(refusal(), HasSubstr("damaged at byte")) << at;
  }
}

TEST_F(Journal, AChangedByteBeforeTheTailIsDamage) {
  write_steps(6);
  const std::string whole = read_file(path());
  const FrameScan scan = scan_frames(whole, path());
  for (std::size_t at = scan.frames[1].begin; at < scan.frames.back().begin; ++at) {
    std::string changed = whole;
    changed[at] = static_cast<char>(changed[at] ^ 0x10);
    std::ofstream(path(), std::ios::binary | std::ios::trunc) << changed;
    EXPECT_THAT(refusal(), HasSubstr("damaged at byte")) << at;
  }
}

TEST_F(Journal, AForeignFileIsRefusedByReaderAndWriter) {
  write_durably(path(), "step,loss\n1,3.0\n");
  EXPECT_THAT(refusal(), HasSubstr("it is no journal of isoloss"));
  EXPECT_THROW(JournalWriter(path(), sample_header(), 0), InputError);
  EXPECT_EQ(read_file(path()), "step,loss\n1,3.0\n");
}

TEST_F(Journal, AnotherVersionIsNamed) {
  write_steps(1);
  std::string bytes = read_file(path());
  bytes[8] = 9;
  write_durably(path(), bytes);
  EXPECT_THAT(refusal(), HasSubstr("format version 9, this program reads 1"));
}

TEST_F(Journal, TheJournalOfAnotherRunIsRefused) {
  write_steps(3);
  RunHeader other = sample_header();
  other.id = "fedcba9876543210";
  EXPECT_THROW(JournalWriter(path(), other, 3), InputError);
  EXPECT_EQ(steps(), up_to(3));
}

TEST_F(Journal, GoingOnAfterACheckpointHasNoStepTwice) {
  write_steps(12);
  JournalWriter writer(path(), sample_header(), 8);
  for (std::int64_t step = 9; step <= 15; ++step) writer.append(sample_step(step));
  writer.flush();
  EXPECT_EQ(steps(), up_to(15));
}

TEST_F(Journal, TheEvaluationAtTheCheckpointStays) {
  write_steps(12);
  JournalWriter(path(), sample_header(), 10);
  RunRecord record;
  apply_events(record, read_journal(path()).events);
  ASSERT_EQ(record.evaluations.size(), 2U);
  EXPECT_EQ(record.evaluations[1], sample_evaluation(10));
}

TEST_F(Journal, TheEvaluationAtTheCheckpointIsCutWhereItIsMadeAnew) {
  write_steps(12);
  JournalWriter(path(), sample_header(), 10, false);
  RunRecord record;
  apply_events(record, read_journal(path()).events);
  EXPECT_EQ(steps(), up_to(10));
  ASSERT_EQ(record.evaluations.size(), 1U);
  EXPECT_EQ(record.evaluations[0], sample_evaluation(5));
}

TEST_F(Journal, AnEndIsCutWhenTrainingGoesOn) {
  write_steps(3);
  {
    JournalWriter writer(path(), sample_header(), 3);
    writer.append(RunEnd{RunState::Finished, ""});
    writer.flush();
  }
  JournalWriter writer(path(), sample_header(), 3);
  writer.append(sample_step(4));
  writer.flush();
  RunRecord record;
  apply_events(record, read_journal(path()).events);
  EXPECT_EQ(record.state, RunState::Running);
  EXPECT_EQ(steps(), up_to(4));
}

TEST_F(Journal, ATornTailIsCutBeforeGoingOn) {
  write_steps(6);
  const std::string whole = read_file(path());
  std::ofstream(path(), std::ios::binary | std::ios::trunc) << whole.substr(0, whole.size() - 3);
  JournalWriter writer(path(), sample_header(), 100);
  writer.append(sample_step(6));
  writer.flush();
  EXPECT_EQ(read_file(path()), whole);
}

TEST_F(Journal, StartingOverTakesTheNewHeader) {
  write_steps(6);
  RunHeader newer = sample_header();
  newer.code_version = "0.2.0";
  JournalWriter(path(), newer, 0);
  EXPECT_EQ(read_journal(path()).header.code_version, "0.2.0");
  EXPECT_TRUE(read_journal(path()).events.empty());
}

TEST_F(Journal, WhatWasNotFlushedIsDropped) {
  write_steps(3);
  { JournalWriter(path(), sample_header(), 3).append(sample_step(4)); }
  EXPECT_EQ(steps(), up_to(3));
}

TEST_F(Journal, AnEndSetsStateAndReason) {
  RunRecord record;
  apply_events(record, {sample_step(1), RunEnd{RunState::Diverged, "loss is not finite"}});
  EXPECT_EQ(record.state, RunState::Diverged);
  EXPECT_EQ(record.reason, "loss is not finite");
}

// The child flushes after each step and reports it; the parent kills it in the middle of its work.
TEST_F(Journal, AKilledWriterLosesNothingThatItFlushed) {
  std::array<int, 2> reports{};
  ASSERT_EQ(::pipe(reports.data()), 0);
  const pid_t child = ::fork();
  ASSERT_GE(child, 0);
  if (child == 0) {
    JournalWriter writer(path(), sample_header(), 0);
    for (std::int64_t step = 1;; ++step) {
      writer.append(sample_step(step));
      writer.flush();
      if (::write(reports[1], &step, sizeof step) != sizeof step) ::_exit(1);
    }
  }
  ::close(reports[1]);
  std::int64_t flushed = 0;
  while (flushed < 40) ASSERT_EQ(::read(reports[0], &flushed, sizeof flushed), 8);
  ASSERT_EQ(::kill(child, SIGKILL), 0);
  int status = 0;
  ASSERT_EQ(::waitpid(child, &status, 0), child);
  ASSERT_TRUE(WIFSIGNALED(status));
  for (std::int64_t more = 0; ::read(reports[0], &more, sizeof more) == 8;) flushed = more;
  ::close(reports[0]);
  const auto found = static_cast<std::int64_t>(steps().size());
  EXPECT_GE(found, flushed);
  EXPECT_EQ(steps(), up_to(found));
}

TEST_F(Journal, AFullDiskEndsAtTheLastWholeEvent) {
  const SmallDisk disk(folder_ / "disk");
  if (!disk.mounted()) GTEST_SKIP() << disk.why_not();
  const std::filesystem::path file = disk.path() / "journal";
  JournalWriter writer(file, sample_header(), 0);
  writer.append(sample_step(1));
  writer.flush();
  for (std::int64_t step = 2; step < 10'000; ++step) writer.append(sample_step(step));
  try {
    writer.flush();
    FAIL() << "no error";
  } catch (const WorkError& error) {
    EXPECT_EQ(
        std::string(error.what()),
        "cannot write " + file.string() + " (No space left on device); free space and run again");
  }
  const JournalContent content = read_journal(file);
  EXPECT_EQ(content.events, std::vector<RunEvent>{sample_step(1)});
  EXPECT_EQ(content.torn_bytes, 0U);
}

}  // namespace
}  // namespace isoloss
