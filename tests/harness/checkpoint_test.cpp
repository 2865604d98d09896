#include "harness/checkpoint.h"

#include <gtest/gtest.h>

#include <fstream>
#include <string>

#include "harness/progress/run_progress.h"
#include "tests/harness/tiny_study.h"

namespace isoloss {
namespace {

using tiny_study::Place;

std::vector<std::byte> bytes(const std::string& text) {
  const auto* first = reinterpret_cast<const std::byte*>(text.data());
  return {first, first + text.size()};
}

void save(const Place& place, std::int64_t step, const std::string& weights) {
  save_checkpoint(place.root, {"run", step, 2.5, 4}, bytes(weights), bytes("moments"));
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
  save(place, 12, "weights");
  const auto loaded = load(place);
  ASSERT_TRUE(loaded.checkpoint);
  EXPECT_EQ(loaded.checkpoint->head.step, 12);
  EXPECT_EQ(loaded.checkpoint->head.seconds, 2.5);
  EXPECT_EQ(loaded.checkpoint->head.element_bytes, 4U);
  EXPECT_EQ(loaded.checkpoint->weights, bytes("weights"));
  EXPECT_EQ(loaded.checkpoint->state, bytes("moments"));
  EXPECT_TRUE(loaded.warnings.empty());
}

TEST(Checkpoint, TheNewestTwoAreKept) {
  const Place place;
  for (const std::int64_t step : {5, 10, 100}) save(place, step, "weights");
  EXPECT_EQ(checkpoint_steps(place.root), (std::vector<std::int64_t>{10, 100}));
}

// One flipped byte, one byte less, another magic: each is found, said and passed over.
TEST(Checkpoint, ADamagedNewestGivesWayToTheOneBefore) {
  for (const int damage : {0, 1, 2}) {
    const Place place;
    save(place, 10, "before");
    save(place, 20, "newest");
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
    EXPECT_EQ(loaded.checkpoint->head.step, 10);
    EXPECT_EQ(loaded.checkpoint->weights, bytes("before"));
    ASSERT_EQ(loaded.warnings.size(), 1U);
    EXPECT_NE(loaded.warnings[0].find("checkpoint-20"), std::string::npos);
  }
}

TEST(Checkpoint, OfAnotherRunIsPassedOver) {
  const Place place;
  save(place, 10, "weights");
  EXPECT_FALSE(load(place, "other").checkpoint);
}

// By its second name, whatever is saved or removed after it, until it is released.
TEST(Checkpoint, AKeptOneOutlivesLaterOnes) {
  const Place place;
  const auto load_kept = [&] {
    return load_checkpoint_of(place.root, "run", 10, [](const std::string&) {});
  };
  save(place, 10, "branch");
  keep_checkpoint(place.root, place.root, 10);
  keep_checkpoint(place.root, place.root, 10);  // by two processes
  for (const std::int64_t step : {20, 30, 40}) save(place, step, "weights");
  remove_checkpoints(place.root);
  EXPECT_EQ(checkpoint_steps(place.root, kKeptSuffix), std::vector<std::int64_t>{10});
  ASSERT_TRUE(load_kept());
  EXPECT_EQ(load_kept()->weights, bytes("branch"));
  EXPECT_EQ(load_kept()->head.step, 10);
  release_checkpoint(place.root, 10);
  EXPECT_FALSE(load_kept());
}

// After a damaged newest the run goes on from before it; what it saves then must stay.
TEST(Checkpoint, SavingBelowADamagedOneRemovesThat) {
  const Place place;
  save(place, 10, "weights");
  save(place, 20, "weights");
  save(place, 15, "weights");
  EXPECT_EQ(checkpoint_steps(place.root), (std::vector<std::int64_t>{10, 15}));
}

TEST(Checkpoint, RemovedOnesAreGone) {
  const Place place;
  save(place, 10, "weights");
  remove_checkpoints(place.root);
  EXPECT_FALSE(load(place).checkpoint);
}

}  // namespace
}  // namespace isoloss
