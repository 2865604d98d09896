// Work on streams that reaches the same memory, with and without what orders it (CUDA C++
// Programming Guide, "Streams", "Events" and "CUDA Graphs").
#include "model/kernels/cuda/emulator/memory_uses.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <cstddef>
#include <cstdint>
#include <functional>
#include <stdexcept>
#include <vector>

#include "model/kernels/cuda/device.h"
#include "model/kernels/cuda/emulator/late_device.h"
#include "model/kernels/cuda/product.h"
#include "tests/model/kernels/cuda/emulator/noted_accesses.h"

namespace isoloss {
namespace {

using ::testing::HasSubstr;
using ::testing::ThrowsMessage;

constexpr std::size_t kBytes = 64;

void expect_conflict(const std::function<void()>& work) {
  EXPECT_THAT(work, ThrowsMessage<std::logic_error>(HasSubstr("neither waits for the other")));
}

struct TwoStreams {
  DeviceMemory memory{kBytes}, other{kBytes};
  Stream first, second;
  Event event;

  void second_waits() {
    event.record(first);
    second.wait(event);
  }
};
struct MemoryUses : ::testing::Test, TwoStreams {};
struct KernelUses : NotedAccesses, TwoStreams {};

TEST_F(MemoryUses, AWriteConflictsWithReadsAndWritesOfAStreamThatDoesNotWait) {
  first.zero(memory.data(), kBytes);
  expect_conflict([&] { second.zero(memory.data(), kBytes); });
  expect_conflict([&] { second.copy(other.data(), memory.data(), kBytes); });
}

TEST_F(MemoryUses, AReadConflictsWithALaterWriteAndNotWithAnotherRead) {
  first.copy(other.data(), memory.data(), kBytes / 2);
  EXPECT_NO_THROW(
      second.copy(other.data() + kBytes / 2, memory.data(), kBytes / 2));  // reads what first reads
  expect_conflict([&] { second.zero(memory.data(), 4); });
}

TEST_F(MemoryUses, EveryStreamThatReadCounts) {
  Stream third;
  std::vector<std::byte> host(2 * kBytes);
  first.copy_to_host(host.data(), memory.data(), kBytes);
  second.copy_to_host(host.data() + kBytes, memory.data(), kBytes);
  event.record(second);
  third.wait(event);
  expect_conflict([&] { third.zero(memory.data(), kBytes); });
}

TEST_F(MemoryUses, OnlyTheSameBytesConflict) {
  first.zero(memory.data() + 16, 16);
  EXPECT_NO_THROW(second.zero(memory.data(), 16));
  EXPECT_NO_THROW(second.zero(memory.data() + 32, 16));
  expect_conflict([&] { second.zero(memory.data() + 31, 1); });
}

TEST_F(MemoryUses, OneStreamIsInOrder) {
  first.zero(memory.data(), kBytes);
  EXPECT_NO_THROW(first.copy(other.data(), memory.data(), kBytes));
  EXPECT_NO_THROW(first.zero(memory.data(), kBytes));
}

TEST_F(MemoryUses, WhoWaitsForTheEventIsAfterWhatCameBeforeItAlone) {
  first.zero(memory.data(), kBytes);
  second_waits();
  first.zero(other.data(), kBytes);
  EXPECT_NO_THROW(second.zero(memory.data(), kBytes));
  expect_conflict([&] { second.zero(other.data(), kBytes); });
}

TEST_F(MemoryUses, WaitsAreHandedOn) {
  Stream third;
  first.zero(memory.data(), kBytes);
  second_waits();
  event.record(second);
  third.wait(event);
  EXPECT_NO_THROW(third.zero(memory.data(), kBytes));
}

TEST_F(MemoryUses, WhatTheHostWaitedForIsBeforeAllThatFollows) {
  first.zero(memory.data(), kBytes);
  first.synchronize();
  EXPECT_NO_THROW(second.zero(memory.data(), kBytes));
  event.record(second);
  event.synchronize();
  EXPECT_NO_THROW(first.zero(memory.data(), kBytes));
  event.record(first);
  EXPECT_TRUE(event.done());  // which the emulator always is by then, a GPU is when it says so
  EXPECT_NO_THROW(second.zero(memory.data(), kBytes));
}

// As that of memory that is given back and comes again.
TEST_F(MemoryUses, ForgottenMemoryIsNobodys) {
  std::vector<std::byte> anywhere(kBytes);
  watch_memory(anywhere.data(), kBytes);
  first.zero(anywhere.data(), kBytes);
  forget_memory(anywhere.data());
  EXPECT_NO_THROW(second.zero(anywhere.data(), kBytes));
  watch_memory(anywhere.data(), kBytes);
  EXPECT_NO_THROW(first.zero(anywhere.data(), kBytes));
  expect_conflict([&] { second.zero(anywhere.data(), kBytes); });
  forget_memory(anywhere.data());
}

TEST_F(MemoryUses, PinnedMemoryIsWatchedToo) {
  const PinnedMemory pinned(kBytes);
  first.copy_to_host(pinned.data(), memory.data(), kBytes);
  expect_conflict([&] { second.copy_to_host(pinned.data(), other.data(), kBytes); });
}

TEST_F(MemoryUses, ALateDeviceIsTold) {
  const LateDevice late;
  first.zero(memory.data(), kBytes);
  second.zero(memory.data(), kBytes);
  first.synchronize();
  expect_conflict([&] { second.synchronize(); });
}

// Both write; inside, the second stream waits for the first or only for the graph's beginning.
Graph forked(TwoStreams& on, bool waits) {
  Event begin, done;
  return Graph::capture(on.first, [&] {
    begin.record(on.first);
    on.second.wait(begin);
    on.first.zero(on.memory.data(), kBytes);
    if (waits) on.second_waits();
    on.second.zero(on.memory.data(), kBytes);
    done.record(on.second);
    on.first.wait(done);
  });
}
TEST_F(MemoryUses, StreamsInsideOfAGraphAreHeldToItsOrder) {
  Graph right = forked(*this, true), wrong = forked(*this, false);
  for (int launch = 0; launch < 5; ++launch) EXPECT_NO_THROW(right.launch(first));
  expect_conflict([&] { wrong.launch(first); });
}

// After the launches of which it is noted what they reach.
TEST_F(MemoryUses, LaterLaunchesAreTakenToReachTheSame) {
  Graph graph = forked(*this, true);
  for (int launch = 0; launch < 4; ++launch) {
    graph.launch(first);
    first.synchronize();
  }
  graph.launch(first);
  expect_conflict([&] { second.zero(memory.data(), kBytes); });
  second_waits();
  EXPECT_NO_THROW(second.zero(memory.data(), kBytes));
  expect_conflict([&] { graph.launch(first); });
}

TEST_F(MemoryUses, AGraphIsWorkOfTheStreamThatItIsLaunchedOn) {
  Graph graph = forked(*this, true);
  first.zero(memory.data(), kBytes);
  EXPECT_NO_THROW(graph.launch(first));
  expect_conflict([&] { second.zero(memory.data(), kBytes); });
  second_waits();
  EXPECT_NO_THROW(second.zero(memory.data(), kBytes));
  expect_conflict([&] { graph.launch(first); });
}

__global__ void write_one(float* x) { x[4] = 1; }
__global__ void read_one(const float* x, float* y) { *y = x[4]; }
TEST_F(KernelUses, AreOfWhatTheyReachAndNoMore) {
  auto* const x = reinterpret_cast<float*>(memory.data());
  auto* const y = reinterpret_cast<float*>(other.data());
  launch(first, {.threads = 1}, write_one, x);
  EXPECT_NO_THROW(second.zero(x, 16));
  EXPECT_NO_THROW(second.zero(x + 5, 16));
  expect_conflict([&] { second.zero(x + 4, 1); });
  second_waits();
  EXPECT_NO_THROW(launch(second, {.threads = 1}, read_one, static_cast<const float*>(x), y));
  expect_conflict([&] { launch(first, {.threads = 1}, write_one, x); });
  expect_conflict([&] { first.zero(y, 4); });
}

__global__ void write_half(std::uint16_t* x, int i) { x[i] = 1; }
TEST_F(KernelUses, HalvesOfAWordAreToldApart) {
  auto* const x = reinterpret_cast<std::uint16_t*>(memory.data());
  launch(first, {.threads = 1}, write_half, x, 0);
  EXPECT_NO_THROW(launch(second, {.threads = 1}, write_half, x, 1));
  expect_conflict([&] { launch(second, {.threads = 1}, write_half, x, 0); });
}

// x [1, 2], W [2, 2], y [1, 2] by rows.
TEST_F(MemoryUses, ProductsReachTheirOperandsAndTheirWorkspace) {
  const DeviceArray<float> x(2), weight(4), y(2), apart(2);
  const ProductShape shape = product_shape(1, 2, 2);
  Products products;
  first.zero(x.data(), 8);
  first.zero(weight.data(), 16);
  first.synchronize();
  products.forward(first, shape, x.data(), weight.data(), y.data());
  expect_conflict([&] { second.zero(x.data(), 8); });
  expect_conflict([&] { second.zero(weight.data() + 3, 4); });
  expect_conflict([&] { second.zero(y.data(), 8); });
  expect_conflict([&] {
    products.forward(second, shape, x.data(), weight.data(), apart.data());  // the same workspace
  });
  Products its_own;
  EXPECT_NO_THROW(its_own.forward(second, shape, x.data(), weight.data(), apart.data()));
}

}  // namespace
}  // namespace isoloss
