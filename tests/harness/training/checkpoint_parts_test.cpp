// A checkpoint of several ranks: what each has of the tensors, in a file of its own.
#include <gtest/gtest.h>

#include <filesystem>
#include <fstream>
#include <functional>
#include <thread>

#include "harness/training/checkpoint.h"
#include "model/spec/error.h"
#include "results/checkpoint_names.h"
#include "results/durable_file.h"
#include "tests/harness/tiny_study.h"
#include "tests/harness/training/checkpoint_values.h"

namespace isoloss {
namespace {

namespace fs = std::filesystem;
using tiny_study::Place;

// Two by three and a vector; a state of the first.
StateTables whole() {
  return {{{{.name = "a", .shape = {2, 3}, .offset = 0}, {.name = "b", .shape = {2}, .offset = 16}},
           32},
          {{{.name = "a.moments", .shape = {2, 3}, .offset = 0}}, 16}};
}

// Rank 0 has the first column of a and all of b, rank 1 the other two columns; each the row of its
// number of the moments.
StateTables part(int rank) {
  const Parameter column = {.name = "a",
                            .shape = {2, rank == 0 ? 1 : 2},
                            .tensor_axis = 1,
                            .offset = 0,
                            .whole_extent = 3,
                            .first = rank == 0 ? 0 : 1};
  const Parameter row = {.name = "a.moments",
                         .shape = {1, 3},
                         .tensor_axis = 0,
                         .offset = 0,
                         .whole_extent = 2,
                         .first = rank};
  if (rank == 1) return {{{column}, 4}, {{row}, 3}};
  return {{{column, {.name = "b", .shape = {2}, .offset = 2}}, 4}, {{row}, 3}};
}

void write_part(const fs::path& place, std::int64_t step, int rank) {
  CheckpointWriter writer(part_file(place, rank), {"run", step, 2.5, 4}, part(rank), {rank, 2});
  const auto add = [&](const std::vector<float>& values) {
    writer.add(std::as_bytes(std::span(values)));
  };
  add(rank == 0 ? std::vector<float>{1, 4} : std::vector<float>{2, 3, 5, 6});
  if (rank == 0) add({7, 8});
  add(rank == 0 ? std::vector<float>{10, 20, 30} : std::vector<float>{40, 50, 60});
  writer.commit();
}

void save(const Place& run, std::int64_t step) {
  const auto path = checkpoint_path(run.root, step);
  const auto place = temporary_beside(path);
  for (const int rank : {1, 0}) write_part(place, step, rank);
  commit_parts(place, path);
}

std::vector<float> values_of(const Checkpoint& checkpoint) {
  return checkpoint_values(checkpoint, whole());
}

const std::vector<float> kValues = {1, 2, 3, 4, 5, 6, 7, 8, 10, 20, 30, 40, 50, 60};

std::optional<Checkpoint> load(const Place& run, std::string* warning = nullptr) {
  return load_checkpoint(run.root, "run", [&](const std::string& said) {
    if (warning) *warning += said;
  });
}

const std::function<void()> kNobodyAsks = [] {};

TEST(CheckpointParts, MakeUpTheWholeTensors) {
  const Place run;
  save(run, 12);
  const auto loaded = load(run);
  ASSERT_TRUE(loaded);
  EXPECT_EQ(loaded->head().step, 12);
  EXPECT_EQ(values_of(*loaded), kValues);
}

TEST(CheckpointParts, AreNoCheckpointBeforeAllAreThere) {
  const Place run;
  const auto path = checkpoint_path(run.root, 12);
  const auto place = temporary_beside(path);
  write_part(place, 12, 0);
  EXPECT_TRUE(checkpoint_steps(run.root).empty());
  std::thread other([&] { write_part(place, 12, 1); });
  EXPECT_TRUE(wait_for_parts(
      place, 2, [] { return false; }, kNobodyAsks));
  commit_parts(place, path);
  other.join();
  EXPECT_EQ(checkpoint_steps(run.root), std::vector<std::int64_t>{12});
}

TEST(CheckpointParts, ThatNobodyWaitsForLeaveNothing) {
  const Place run;
  const auto path = checkpoint_path(run.root, 12);
  const auto place = temporary_beside(path);
  write_part(place, 12, 0);
  EXPECT_FALSE(wait_for_parts(
      place, 2, [] { return true; }, kNobodyAsks));
  EXPECT_TRUE(fs::is_empty(run.root));
}

// Half of a part now and nothing later, as of a rank whose disk is slow and that is suspended then:
// what came is told once.
TEST(CheckpointParts, ThatGrowAreToldFromThoseThatDoNot) {
  const Place run;
  const auto place = temporary_beside(checkpoint_path(run.root, 12));
  write_part(place, 12, 0);
  int grown = 0, asked = 0;
  const auto given_up = [&] {
    if (++asked == 1) std::ofstream(temporary_beside(part_file(place, 1))) << "half";
    return asked == 350;  // three and a half seconds at least: three looks
  };
  EXPECT_FALSE(wait_for_parts(place, 2, given_up, [&] { ++grown; }));
  EXPECT_EQ(grown, 1);
}

// A part that is missing, cut, flipped, another's or of another step.
TEST(CheckpointParts, OneThatIsDamagedGivesWayToTheCheckpointBefore) {
  for (const int damage : {0, 1, 2, 3, 4}) {
    const Place run;
    save(run, 10);
    save(run, 20);
    const auto damaged = part_file(checkpoint_path(run.root, 20), 1);
    if (damage == 0) fs::remove(damaged);
    if (damage == 1) fs::resize_file(damaged, fs::file_size(damaged) - 1);
    if (damage == 2) {
      std::fstream file(damaged, std::ios::in | std::ios::out | std::ios::binary);
      file.seekp(85);
      file.put('#');
    }
    const auto replace = [&](const fs::path& by) {
      fs::remove(damaged);
      fs::copy_file(by, damaged);
    };
    if (damage == 3) replace(part_file(checkpoint_path(run.root, 20), 0));
    if (damage == 4) replace(part_file(checkpoint_path(run.root, 10), 1));
    std::string warning;
    const auto loaded = load(run, &warning);
    ASSERT_TRUE(loaded) << damage;
    EXPECT_EQ(loaded->head().step, 10) << damage;
    EXPECT_EQ(values_of(*loaded), kValues);
    EXPECT_NE(warning.find("checkpoint-20 (part-1 of 2"), std::string::npos) << warning;
  }
}

TEST(CheckpointParts, TensorsThatDoNotFitAreNamed) {
  const Place run;
  save(run, 10);
  const auto loaded = load(run);
  const auto problem = [&](const StateTables& expected) -> std::string {
    try {
      loaded->tensors(expected.weights, &expected.optimizer);
    } catch (const InputError& error) {
      return error.what();
    }
    return "";
  };
  StateTables other = whole();
  other.weights.parameters[0].shape = {3, 2};
  EXPECT_NE(problem(other).find("tensor a: expected shape [3, 2], found [2, 3]"), std::string::npos)
      << problem(other);
  other = whole();
  other.weights.parameters.pop_back();
  EXPECT_NE(problem(other).find("tensor b of shape [2] is not expected"), std::string::npos);
  other = whole();
  other.optimizer.parameters[0].name = "c";
  EXPECT_NE(problem(other).find("tensor c of shape [2, 3] is expected and missing"),
            std::string::npos);
}

// Older ones go, kept ones stay, one of the same step that was passed over is replaced.
TEST(CheckpointParts, AreKeptReleasedMovedAndRemovedAsOne) {
  const Place run;
  save(run, 10);
  keep_checkpoint(run.root, run.root, 10);
  keep_checkpoint(run.root, run.root, 10);
  for (const std::int64_t step : {20, 30, 30}) save(run, step);
  remove_older_checkpoints(run.root, 30);
  EXPECT_EQ(checkpoint_steps(run.root), (std::vector<std::int64_t>{20, 30}));
  const auto kept = load_checkpoint_of(run.root, "run", 10, [](const std::string&) {});
  ASSERT_TRUE(kept);
  EXPECT_EQ(values_of(*kept), kValues);
  release_checkpoint(run.root, 10);
  EXPECT_TRUE(checkpoint_steps(run.root, kKeptSuffix).empty());
  fs::create_directories(run.root / "again");
  move_checkpoint(run.root, run.root / "again", 30);
  remove_checkpoints(run.root);
  EXPECT_EQ(checkpoint_steps(run.root / "again"), std::vector<std::int64_t>{30});
  EXPECT_TRUE(checkpoint_steps(run.root).empty());
}

// What a process that is no more left behind; 2^22 is more than any process number.
TEST(CheckpointParts, LeftoversOfTheDeadAreRemovedAndOthersStay) {
  const Place run;
  save(run, 10);
  const std::string living = temporary_beside(checkpoint_path(run.root, 20)).filename().string();
  const std::string own = "-" + std::to_string(::getpid()) + "-";
  std::string dead = living;
  dead.replace(dead.find(own), own.size(), "-4194305-");
  for (const std::string& name : {living, dead}) write_part(run.root / name, 20, 0);
  std::ofstream(run.root / ("run.h5" + dead.substr(dead.find(".tmp-"))));
  std::ofstream(run.root / ("notes" + dead.substr(dead.find(".tmp-"))));
  remove_leftovers(run.root);
  EXPECT_TRUE(fs::exists(run.root / living));
  EXPECT_FALSE(fs::exists(run.root / dead));
  EXPECT_FALSE(fs::exists(run.root / ("run.h5" + dead.substr(dead.find(".tmp-")))));
  EXPECT_TRUE(fs::exists(run.root / ("notes" + dead.substr(dead.find(".tmp-")))));
  EXPECT_EQ(checkpoint_steps(run.root), std::vector<std::int64_t>{10});
}

}  // namespace
}  // namespace isoloss
