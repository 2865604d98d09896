// A rank that is suspended while it writes its part of the last checkpoint of a run, for which the
// leading rank has nothing left to do but to wait.
#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <signal.h>
#include <unistd.h>

#include <filesystem>
#include <string>
#include <utility>

#include "harness/study/study_outcome.h"
#include "harness/training/checkpoint.h"
#include "results/claim_file.h"
#include "results/durable_file.h"
#include "results/folder_entries.h"
#include "results/helper_claims.h"
#include "tests/harness/tiny_study.h"

namespace isoloss {
namespace {

using tiny_study::Place;

// Two runs of ten steps whose models both ranks share, with parts of 20 MB and no checkpoint before
// the last.
std::filesystem::path write_parts_study(const Place& place) {
  const auto study = tiny_study::write_study(place, "[640]", "[0.001]");
  std::string text = read_file(study);
  const std::pair<std::string, std::string> changes[] = {
      {"d_model: 8}", "d_model: 448}"},
      {"d_model: 16}", "d_model: 512}"},
      {"d_head: 8", "d_head: 32"},
      {"adafactor", "adamw"},
      {"threads: 1", "threads: 1, tensor_parallel: 2, data_parallel: 1"}};
  for (const auto& [from, to] : changes) text.replace(text.find(from), from.size(), to);
  write_durably(study, text);
  return study;
}

pid_t start_supervisor(const std::filesystem::path& study, const std::filesystem::path& folder) {
  return tiny_study::start({study.string(), folder.string(), "2", "4"});  // silent for 4 s: a hang
}

// A rank that trains a run with the holder of its claim; none where that takes a minute.
struct Helper {
  std::string run;
  pid_t process = 0;
};
Helper first_helper(const std::filesystem::path& folder) {
  for (int tries = 0; tries < 60'000; ++tries, ::usleep(1'000))
    for (const std::string& id : run_ids({folder}))
      if (const auto claim = read_claim(helper_claim({folder}, id, 1)))
        return {id, static_cast<pid_t>(claim->process.pid)};
  return {};
}

// What a run's checkpoint is written to, or the checkpoint, as soon as there is one; none after a
// minute.
std::filesystem::path first_checkpoint(const std::filesystem::path& run) {
  for (int tries = 0; tries < 300'000; ++tries, ::usleep(200))
    for (const auto& path : files_in(run))
      if (path.filename().string().starts_with("checkpoint-")) return path;
  return {};
}

// Suspends the rank that helps with the first run while it writes its part. That run; empty where
// the part was there before.
std::string suspend_in_its_part(const std::filesystem::path& folder) {
  const Helper helper = first_helper(folder);
  if (helper.process == 0) return "";
  const auto place = first_checkpoint(StudyFolder{folder}.run(helper.run));
  ::kill(helper.process, SIGSTOP);
  ::usleep(200'000);  // for what was under way
  if (is_temporary(place) && std::filesystem::exists(place) &&
      !std::filesystem::exists(part_file(place, 1)))
    return helper.run;
  ::kill(helper.process, SIGCONT);
  return "";
}

TEST(SuspendedPart, OfTheLastCheckpointEndsTheBlockAndTheRunGoesOn) {
  const Place place;
  const auto study = write_parts_study(place);
  const auto whole = place.root / "whole";
  ASSERT_EQ(tiny_study::wait(start_supervisor(study, whole)), kExitDone);
  for (int tries = 0; tries < 20; ++tries) {
    const auto folder = place.root / std::to_string(tries);
    const pid_t supervisor = start_supervisor(study, folder);
    const std::string suspended = suspend_in_its_part(folder);
    EXPECT_EQ(tiny_study::wait(supervisor), kExitDone);
    if (suspended.empty()) {
      std::filesystem::remove_all(folder);
      continue;
    }
    const auto attempts = read_attempts({folder}, suspended);
    ASSERT_EQ(attempts.size(), 1U);
    EXPECT_THAT(attempts[0].reason, testing::HasSubstr("made no progress for"));
    EXPECT_EQ(tiny_study::losses(folder), tiny_study::losses(whole));
    return;
  }
  FAIL() << "each time the part was there before the rank was suspended";
}

}  // namespace
}  // namespace isoloss
