// Ranks to which the system refuses the memory of one run: it is given up after two attempts, and
// the others finish.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <cstddef>
#include <filesystem>
#include <string>
#include <utility>
#include <vector>

#include "harness/study/study_outcome.h"
#include "results/durable_file.h"
#include "results/folder_entries.h"
#include "tests/harness/tiny_study.h"
#include "tests/places.h"

namespace isoloss {
namespace {

using tiny_study::Place;

std::filesystem::path write_study(const Place& place,
                                  const std::vector<std::pair<std::string, std::string>>& changes) {
  const auto study = tiny_study::write_study(place, "[640]", "[0.05]");
  std::string text = read_file(study);
  for (const auto& [from, to] : changes) text.replace(text.find(from), from.size(), to);
  write_durably(study, text);
  return study;
}

// On two ranks, with 24 GB of address space for every process.
int supervise(const std::filesystem::path& study, const std::filesystem::path& folder) {
  tiny_study::set_job_folder(study);
  return tiny_study::wait(
      tiny_study::start_program({"sh", "-c", R"(ulimit -v 24000000 && exec "$0" "$1" "$2" 2)",
                                 test::study_process(), study.string(), folder.string()}));
}

std::size_t finished_runs(const std::filesystem::path& folder) {
  std::size_t finished = 0;
  for (const std::string& id : run_ids({folder})) {
    const auto record = read_run({folder}, id);
    finished += record && record->state == RunState::Finished ? 1U : 0U;
  }
  return finished;
}

// The reasons of all attempts of a folder's runs, each of which is that there was no memory.
std::vector<std::string> reasons_in(const std::filesystem::path& folder) {
  std::vector<std::string> reasons;
  for (const std::string& id : run_ids({folder}))
    for (const FailedAttempt& attempt : read_attempts({folder}, id)) {
      reasons.push_back(attempt.reason);
      EXPECT_THAT(attempt.reason, testing::Not(testing::HasSubstr("\n")));
      EXPECT_THAT(attempt.reason,
                  testing::AnyOf(testing::HasSubstr("memory"), testing::HasSubstr("bad_alloc")));
    }
  return reasons;
}

// The weights of one size; the others train on in the processes that it was refused to.
TEST(RanksWithoutMemory, GiveUpTheRunAndTheOthersFinish) {
  const Place place;
  const auto study =
      write_study(place, {{"d_model: 16", "d_model: 65536"},  // 206 GB
                          {"threads: 1", "threads: 1, tensor_parallel: 1, data_parallel: 1"}});
  const auto folder = place.root / "supervised";
  EXPECT_EQ(supervise(study, folder), kExitFailed);
  EXPECT_EQ(reasons_in(folder).size(), 2U);
  EXPECT_EQ(finished_runs(folder), 1U);
}

// How often a rank has said that it begins to train.
std::size_t tries_in(const std::filesystem::path& folder) {
  std::size_t tries = 0;
  for (const auto& path : files_in(StudyFolder{folder}.logs())) {
    const std::string log = read_file(path);
    const std::string begins = "trains from step";
    for (auto at = log.find(begins); at != std::string::npos; at = log.find(begins, at + 1))
      ++tries;
  }
  return tries;
}

// The activations of a step, 34 GB the first of them, to ranks that share the model: both fail,
// each inside the step, where neither can tell the other.
TEST(RanksWithoutMemory, ThatFailInOneStepHaveFailedOnce) {
  const Place place;
  const auto study =
      write_study(place, {{"size: [{name: a, d_model: 8}, {name: b, d_model: 16}]",
                           "size: [{name: a, d_model: 1024}]"},
                          {"batch_tokens: 64", "batch_tokens: 8388608"},
                          {"tokens: [640]", "tokens: [16777216]"},
                          {"threads: 1", "threads: 1, tensor_parallel: 2, data_parallel: 1"}});
  const auto folder = place.root / "supervised";
  EXPECT_EQ(supervise(study, folder), kExitFailed);
  EXPECT_EQ(reasons_in(folder).size(), 2U);
  EXPECT_EQ(tries_in(folder), 2U);
}

}  // namespace
}  // namespace isoloss
