// The embedding and its gradient against loops over rows; whole numbers, so that sums are exact.
#include "model/kernels/cuda/embedding.h"

#include <gtest/gtest.h>

#include "model/kernels/cuda/embedding_index.h"
#include "model/spec/error.h"
#include "tests/model/kernels/cuda/both_orders.h"
#include "tests/model/kernels/cuda/plain_values.h"

namespace isoloss::device {
namespace {

// Of 3 sequences of 40 steps: one id that most rows have, some that a few have, some that none has.
std::vector<std::int32_t> some_targets() {
  std::vector<std::int32_t> targets;
  for (std::int32_t i = 0; i < 120; ++i) targets.push_back(i % 4 == 0 ? i % 23 : 5);
  return targets;
}
constexpr std::int64_t kSomeIds = 30, kSomeWidth = 16;

std::vector<std::int32_t> inputs_of(const std::vector<std::int32_t>& targets) {
  std::vector<std::int32_t> inputs;
  for (std::size_t i = 0; i < targets.size(); ++i)
    inputs.push_back(i % 40 == 0 ? 0 : targets[i - 1]);
  return inputs;
}

std::vector<std::int32_t> index_of(std::span<const std::int32_t> targets) {
  std::vector<std::int32_t> index(
      static_cast<std::size_t>(embedding_index_layout(std::ssize(targets), kSomeIds).size));
  embedding_index(targets, 40, {kSomeIds, 0, kSomeIds}, index);
  return index;
}

TEST(DeviceEmbedding, ReadsTheIdBeforeAndThePosition) {
  const std::vector<std::int32_t> targets = some_targets(), inputs = inputs_of(targets);
  const Doubles table = random_values<float>(kSomeIds * kSomeWidth, 1);
  const Doubles positions = random_values<float>(40 * kSomeWidth, 2);
  Doubles plain, with_positions;
  for (std::size_t row = 0; row < inputs.size(); ++row)
    for (std::size_t c = 0; c < kSomeWidth; ++c) {
      plain.push_back(table[static_cast<std::size_t>(inputs[row]) * kSomeWidth + c]);
      with_positions.push_back(plain.back() + positions[row % 40 * kSomeWidth + c]);
    }
  const auto device_targets = to_device<std::int32_t>(targets);
  const auto device_table = on_device<float>(table);
  const auto device_positions = on_device<float>(positions);
  const EmbeddingShape shape{3, 40, kSomeWidth, kSomeIds};
  in_both_orders([&] {
    DeviceArray<float> x(120 * kSomeWidth), moved(120 * kSomeWidth);
    Stream stream;
    embedding_forward(stream, shape, device_targets.data(), device_table.data(), nullptr, x.data());
    embedding_forward(stream, shape, device_targets.data(), device_table.data(),
                      device_positions.data(), moved.data());
    stream.synchronize();
    EXPECT_EQ(doubles(to_host(x)), plain);
    expect_close(moved, with_positions, "with positions");
  });
}

TEST(DeviceEmbedding, AddsUpTheGradientsOfEqualIdsAndPositions) {
  const std::vector<std::int32_t> targets = some_targets(), inputs = inputs_of(targets);
  Doubles dx, d_table(kSomeIds * kSomeWidth, 1.0), d_positions(40 * kSomeWidth, 2.0);
  for (std::size_t row = 0; row < inputs.size(); ++row)
    for (std::size_t c = 0; c < kSomeWidth; ++c) {
      dx.push_back(static_cast<double>((row * 5 + c) % 13));
      d_table[static_cast<std::size_t>(inputs[row]) * kSomeWidth + c] += dx.back();
      d_positions[row % 40 * kSomeWidth + c] += dx.back();
    }
  const EmbeddingShape shape{3, 40, kSomeWidth, kSomeIds};
  const auto index = to_device<std::int32_t>(index_of(targets));
  const auto device_dx = on_device<float>(dx);
  in_both_orders([&] {
    const auto table = on_device<float>(Doubles(kSomeIds * kSomeWidth, 1.0));
    const auto positions = on_device<float>(Doubles(40 * kSomeWidth, 2.0));
    DeviceArray<float> scratch(embedding_scratch(shape));
    Stream stream;
    embedding_backward(stream, shape, index.data(), device_dx.data(), table.data(),
                       positions.data(), scratch.data());
    stream.synchronize();
    EXPECT_EQ(doubles(to_host(table)), d_table);
    EXPECT_EQ(doubles(to_host(positions)), d_positions);
  });
}

TEST(EmbeddingIndex, HasEveryRowOnceWithinItsLayout) {
  const std::vector<std::int32_t> targets = some_targets(), inputs = inputs_of(targets);
  const std::vector<std::int32_t> index = index_of(targets);
  const EmbeddingIndexLayout layout = embedding_index_layout(120, kSomeIds);
  ASSERT_LE(index[0], layout.most_chunks);
  ASSERT_LE(index[1], layout.most_split);
  std::vector<int> seen(120, 0);
  for (std::int64_t i = 0; i < index[0]; ++i) {
    const std::int32_t* chunk = index.data() + layout.chunks + 4 * i;
    ASSERT_LE(chunk[2], kRowsOfChunk);
    for (std::int32_t row = 0; row < chunk[2]; ++row) {
      const auto at =
          static_cast<std::size_t>(index[static_cast<std::size_t>(layout.order + chunk[1] + row)]);
      EXPECT_EQ(inputs[at], chunk[0]);
      ++seen[at];
    }
  }
  EXPECT_EQ(seen, std::vector<int>(120, 1));
}

TEST(EmbeddingIndex, RefusesATokenOutsideTheVocabulary) {
  std::vector<std::int32_t> targets = some_targets();
  targets[7] = 30;
  EXPECT_THROW(index_of(targets), InputError);
}

// Vaswani et al. 2017: position 1 at rates 1 and 1 / 10000, sines first.
TEST(TimingTable, HasSinesThenCosines) {
  const std::vector<float> table = timing_table(2, 4);
  const Doubles expected = {0, 0, 1, 1, 0.8414709848, 0.0000999999998, 0.5403023059, 0.999999995};
  for (std::size_t i = 0; i < 8; ++i) EXPECT_NEAR(static_cast<double>(table[i]), expected[i], 1e-7);
}

// Ranks with ids [0, 4), [4, 20) and [20, 30): the sum of what they read is the whole, and each
// adds up its own rows.
TEST(DeviceEmbedding, RanksReadAndAddUpTheirOwnRows) {
  const std::vector<std::int32_t> targets = some_targets(), inputs = inputs_of(targets);
  const Doubles table = random_values<float>(kSomeIds * kSomeWidth, 1);
  Doubles dx, d_table(kSomeIds * kSomeWidth, 1.0);
  for (std::size_t row = 0; row < inputs.size(); ++row)
    for (std::size_t c = 0; c < kSomeWidth; ++c) {
      dx.push_back(static_cast<double>((row * 5 + c) % 13));
      d_table[static_cast<std::size_t>(inputs[row]) * kSomeWidth + c] += dx.back();
    }
  const auto device_targets = to_device<std::int32_t>(targets);
  const auto device_table = on_device<float>(table);
  const auto device_dx = on_device<float>(dx);
  const std::vector<std::int64_t> firsts{0, 4, 20, kSomeIds};
  Doubles read(120 * kSomeWidth, 0.0), expected;
  for (const std::int32_t id : inputs)
    for (std::size_t c = 0; c < kSomeWidth; ++c)
      expected.push_back(table[static_cast<std::size_t>(id) * kSomeWidth + c]);
  const auto d_whole = on_device<float>(Doubles(kSomeIds * kSomeWidth, 1.0));
  for (std::size_t rank = 0; rank < 3; ++rank) {
    const std::int64_t first = firsts[rank], count = firsts[rank + 1] - first;
    const EmbeddingShape shape{3, 40, kSomeWidth, count, first};
    DeviceArray<float> x(120 * kSomeWidth), scratch(embedding_scratch(shape));
    std::vector<std::int32_t> index(
        static_cast<std::size_t>(embedding_index_layout(120, count).size));
    embedding_index(targets, 40, {kSomeIds, first, count}, index);
    const auto device_index = to_device<std::int32_t>(index);
    Stream stream;
    embedding_forward(stream, shape, device_targets.data(),
                      device_table.data() + first * kSomeWidth, nullptr, x.data());
    embedding_backward(stream, shape, device_index.data(), device_dx.data(),
                       d_whole.data() + first * kSomeWidth, nullptr, scratch.data());
    stream.synchronize();
    const Doubles own = doubles(to_host(x));
    for (std::size_t i = 0; i < own.size(); ++i) read[i] += own[i];
  }
  EXPECT_EQ(read, expected);
  EXPECT_EQ(doubles(to_host(d_whole)), d_table);
}

}  // namespace
}  // namespace isoloss::device
