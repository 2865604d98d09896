#include "harness/training/checkpoint.h"

#include <gtest/gtest.h>
#include <xxhash.h>

#include <cstring>
#include <fstream>
#include <string>
#include <utility>

#include "harness/progress/run_progress.h"
#include "model/spec/error.h"
#include "results/checkpoint_layout.h"
#include "results/durable_file.h"
#include "tests/harness/tiny_study.h"
#include "tests/harness/training/checkpoint_values.h"

namespace isoloss {
namespace {

using tiny_study::Place;

// Two tensors with a gap between them and one behind; a state of one tensor.
StateTables tables() {
  return {
      {{{.name = "a", .shape = {2, 3}, .offset = 0}, {.name = "b", .shape = {2}, .offset = 8}}, 12},
      {{{.name = "a.moments", .shape = {2, 3}, .offset = 0}}, 6}};
}

void save(const Place& place, std::int64_t step, float first) {
  CheckpointWriter writer(checkpoint_path(place.root, step), {"run", step, 2.5, 4}, tables());
  const auto add = [&writer](const std::vector<float>& values) {
    writer.add(std::as_bytes(std::span(values)));
  };
  add({first, 2, 3, 4, 5, 6});
  add({7, 8});
  add({10, 20, 30, 40, 50, 60});
  writer.commit();
  remove_older_checkpoints(place.root, step);
}

std::vector<float> values_of(const Checkpoint& checkpoint) {
  return checkpoint_values(checkpoint, tables());
}

struct Loaded {
  std::optional<Checkpoint> checkpoint;
  std::vector<std::string> warnings;
};

Loaded load(const Place& place, const std::string& run = "run") {
  Loaded loaded;
  loaded.checkpoint = load_checkpoint(
      place.root, run, [&](const std::string& warning) { loaded.warnings.push_back(warning); });
  return loaded;
}

TEST(Checkpoint, ComesBackAsItWas) {
  const Place place;
  save(place, 12, 1);
  const auto loaded = load(place);
  ASSERT_TRUE(loaded.checkpoint);
  EXPECT_EQ(loaded.checkpoint->head().step, 12);
  EXPECT_EQ(loaded.checkpoint->head().seconds, 2.5);
  EXPECT_EQ(loaded.checkpoint->head().element_bytes, 4U);
  EXPECT_EQ(values_of(*loaded.checkpoint),
            (std::vector<float>{1, 2, 3, 4, 5, 6, 7, 8, 10, 20, 30, 40, 50, 60}));
  EXPECT_TRUE(loaded.warnings.empty());
}

TEST(Checkpoint, CanBeReadAfterItsFileIsGone) {
  const Place place;
  save(place, 12, 1);
  const auto loaded = load(place);
  remove_checkpoints(place.root);
  EXPECT_EQ(values_of(*loaded.checkpoint)[5], 6);
}

TEST(Checkpoint, OneThatIsNotCommittedLeavesNothing) {
  const Place place;
  { const CheckpointWriter writer(checkpoint_path(place.root, 1), {"run", 1, 0, 4}, tables()); }
  EXPECT_TRUE(std::filesystem::is_empty(place.root));
}

std::string problem_with(const Checkpoint& checkpoint, const StateTables& expected) {
  try {
    checkpoint.tensors(expected.weights, &expected.optimizer);
  } catch (const InputError& problem) {
    return problem.what();
  }
  return "";
}

// Which tensor, what was expected and what was found.
TEST(Checkpoint, TensorsThatDoNotFitAreNamedWithBothShapes) {
  const Place place;
  save(place, 12, 1);
  const Checkpoint checkpoint = std::move(*load(place).checkpoint);
  EXPECT_EQ(problem_with(checkpoint, tables()), "");
  StateTables other = tables();
  other.weights.parameters[0].shape = {3, 2};
  EXPECT_NE(problem_with(checkpoint, other).find("tensor a: expected shape [3, 2], found [2, 3]"),
            std::string::npos)
      << problem_with(checkpoint, other);
  EXPECT_NE(problem_with(checkpoint, other).find("checkpoint-12"), std::string::npos);
  other = tables();
  other.weights.parameters[1].name = "c";
  EXPECT_NE(problem_with(checkpoint, other)
                .find("tensor c of shape [2] is expected, found b of shape [2]"),
            std::string::npos)
      << problem_with(checkpoint, other);
  other = tables();
  other.weights.parameters.push_back({.name = "c", .shape = {1}, .offset = 12});
  EXPECT_NE(problem_with(checkpoint, other).find("tensor c of shape [1] is expected and missing"),
            std::string::npos)
      << problem_with(checkpoint, other);
  other = tables();
  other.weights.parameters.pop_back();
  EXPECT_NE(problem_with(checkpoint, other).find("tensor b of shape [2] is not expected"),
            std::string::npos)
      << problem_with(checkpoint, other);
  other = tables();
  other.optimizer.parameters[0].shape = {2};
  EXPECT_NE(problem_with(checkpoint, other).find("tensor a.moments: expected shape [2]"),
            std::string::npos)
      << problem_with(checkpoint, other);
}

// As the first version wrote it: frame, both buffers with their gaps, checksum; no list of tensors.
TEST(Checkpoint, OneOfTheFirstVersionIsReadBySizesAlone) {
  const Place place;
  CheckpointFrame frame{};
  std::memcpy(frame.magic, "isolossC", 8);
  frame.version = 1;
  frame.element_bytes = 4;
  std::memcpy(frame.run, "run", 3);
  frame.step = 3;
  frame.weight_bytes = 48;
  frame.state_bytes = 24;
  std::string file(reinterpret_cast<const char*>(&frame), sizeof frame);
  const std::vector<float> values = {1, 2, 3, 4, 5, 6, 0, 0, 7, 8, 0, 0, 10, 20, 30, 40, 50, 60};
  file.append(reinterpret_cast<const char*>(values.data()), 4 * values.size());
  const std::uint64_t sum = XXH3_64bits(file.data(), file.size());
  file.append(reinterpret_cast<const char*>(&sum), sizeof sum);
  std::ofstream(place.root / "checkpoint-3", std::ios::binary) << file;
  const auto loaded = load(place);
  ASSERT_TRUE(loaded.checkpoint);
  EXPECT_EQ(values_of(*loaded.checkpoint),
            (std::vector<float>{1, 2, 3, 4, 5, 6, 7, 8, 10, 20, 30, 40, 50, 60}));
  StateTables larger = tables();
  larger.weights.buffer_size = 16;
  EXPECT_NE(problem_with(*loaded.checkpoint, larger).find("expected 64 bytes of weights, found 48"),
            std::string::npos)
      << problem_with(*loaded.checkpoint, larger);
}

TEST(Checkpoint, TheNewestTwoAreKept) {
  const Place place;
  for (const std::int64_t step : {5, 10, 100}) save(place, step, 1);
  EXPECT_EQ(checkpoint_steps(place.root), (std::vector<std::int64_t>{10, 100}));
}

// One flipped byte, one byte less, another magic: each is found, said and passed over.
TEST(Checkpoint, ADamagedNewestGivesWayToTheOneBefore) {
  for (const int damage : {0, 1, 2}) {
    const Place place;
    save(place, 10, 1);
    save(place, 20, 2);
    const auto path = place.root / "checkpoint-20";
    if (damage == 0) {
      std::filesystem::resize_file(path, std::filesystem::file_size(path) - 1);
    } else {
      std::fstream file(path, std::ios::in | std::ios::out | std::ios::binary);
      file.seekp(damage == 1 ? 85 : 0);
      file.put('#');
    }
    const auto loaded = load(place);
    ASSERT_TRUE(loaded.checkpoint) << damage;
    EXPECT_EQ(loaded.checkpoint->head().step, 10);
    EXPECT_EQ(values_of(*loaded.checkpoint)[0], 1);
    ASSERT_EQ(loaded.warnings.size(), 1U);
    EXPECT_NE(loaded.warnings[0].find("checkpoint-20"), std::string::npos);
  }
}

// It may be whole: to pass it over would be to train its steps again and remove it in the end.
TEST(Checkpoint, OfALaterVersionIsRefused) {
  const Place place;
  save(place, 10, 1);
  save(place, 20, 1);
  const auto path = checkpoint_path(place.root, 20);
  std::string file = read_file(path);
  file[8] = 3;
  file.resize(file.size() - sizeof(std::uint64_t));
  const std::uint64_t sum = XXH3_64bits(file.data(), file.size());
  file.append(reinterpret_cast<const char*>(&sum), sizeof sum);
  std::ofstream(path, std::ios::binary) << file;
  try {
    load(place);
    FAIL() << "it was passed over";
  } catch (const InputError& problem) {
    EXPECT_NE(std::string(problem.what()).find("checkpoint-20 (it is of version 3, and versions 1"),
              std::string::npos)
        << problem.what();
  }
}

TEST(Checkpoint, OfAnotherRunIsPassedOver) {
  const Place place;
  save(place, 10, 1);
  EXPECT_FALSE(load(place, "other").checkpoint);
}

// By its second name, whatever is saved or removed after it, until it is released.
TEST(Checkpoint, AKeptOneOutlivesLaterOnes) {
  const Place place;
  const auto load_kept = [&] {
    return load_checkpoint_of(place.root, "run", 10, [](const std::string&) {});
  };
  save(place, 10, 9);
  keep_checkpoint(place.root, place.root, 10);
  keep_checkpoint(place.root, place.root, 10);  // by two processes
  for (const std::int64_t step : {20, 30, 40}) save(place, step, 1);
  remove_checkpoints(place.root);
  EXPECT_EQ(checkpoint_steps(place.root, kKeptSuffix), std::vector<std::int64_t>{10});
  ASSERT_TRUE(load_kept());
  EXPECT_EQ(values_of(*load_kept())[0], 9);
  EXPECT_EQ(load_kept()->head().step, 10);
  release_checkpoint(place.root, 10);
  EXPECT_FALSE(load_kept());
}

TEST(Checkpoint, AMovedOneStandsAsIfItHadBeenWrittenThere) {
  const Place place;
  save(place, 30, 3);
  const auto folder = place.root / "run";
  std::filesystem::create_directories(folder);
  for (const std::int64_t step : {10, 20}) {
    save(place, step, 1);
    std::filesystem::rename(place.root / ("checkpoint-" + std::to_string(step)),
                            folder / ("checkpoint-" + std::to_string(step)));
    save(place, 30, 3);
  }
  move_checkpoint(place.root, folder, 30);
  EXPECT_TRUE(checkpoint_steps(place.root).empty());
  EXPECT_EQ(checkpoint_steps(folder), (std::vector<std::int64_t>{20, 30}));
}

// After a damaged newest the run goes on from before it; what it saves then must stay.
TEST(Checkpoint, SavingBelowADamagedOneRemovesThat) {
  const Place place;
  save(place, 10, 1);
  save(place, 20, 1);
  save(place, 15, 1);
  EXPECT_EQ(checkpoint_steps(place.root), (std::vector<std::int64_t>{10, 15}));
}

TEST(Checkpoint, RemovedOnesAreGone) {
  const Place place;
  save(place, 10, 1);
  remove_checkpoints(place.root);
  EXPECT_FALSE(load(place).checkpoint);
}

}  // namespace
}  // namespace isoloss
