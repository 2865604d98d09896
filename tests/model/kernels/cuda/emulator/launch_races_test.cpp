// Kernels whose threads reach the same memory, with and without what orders them (CUDA C++
// Programming Guide, "Synchronization Functions" and "Warp Shuffle Functions"; PTX ISA,
// "cp.async").
#include "model/kernels/cuda/emulator/launch_races.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <cstddef>
#include <cstdint>
#include <stdexcept>

#include "model/kernels/cuda/device.h"
#include "tests/model/kernels/cuda/both_orders.h"
#include "tests/model/kernels/cuda/emulator/noted_accesses.h"

namespace isoloss {
namespace {

using ::testing::AllOf;
using ::testing::HasSubstr;
using ::testing::ThrowsMessage;

constexpr unsigned kThreads = 64;

using Kernel = void (*)(float*);

// With 16 bytes of dynamic shared memory a thread.
void run(Kernel kernel, unsigned blocks = 1) {
  DeviceArray<float> x(blocks * kThreads * 4);
  Stream stream;
  stream.zero(x.data(), static_cast<std::size_t>(x.size()) * sizeof(float));
  launch(stream, {.grid_x = blocks, .threads = kThreads, .shared_bytes = kThreads * 16}, kernel,
         x.data());
  stream.synchronize();
}
void expect_race(Kernel kernel, unsigned blocks = 1) {
  in_both_orders([&] {
    EXPECT_THAT([&] { run(kernel, blocks); },
                ThrowsMessage<std::logic_error>(HasSubstr("nothing orders them")));
  });
}
void expect_none(Kernel kernel, unsigned blocks = 1) {
  in_both_orders([&] { EXPECT_NO_THROW(run(kernel, blocks)); });
}

enum class Between { Nothing, Warp, Block };

template <Between between>
void sync() {
  if constexpr (between == Between::Warp) simt::sync_warp();
  if constexpr (between == Between::Block) simt::sync_block();
}

// Writes its own number and reads that of the thread `apart` from it.
template <Between between, unsigned apart>
__global__ void writes_then_reads(float* x) {
  __shared__ float numbers[kThreads];
  const unsigned i = threadIdx.x;
  numbers[i] = static_cast<float>(i);
  sync<between>();
  x[blockIdx.x * kThreads + i] = numbers[i ^ apart];
}

// Reads before the other one writes.
template <Between between, unsigned apart>
__global__ void reads_then_writes(float* x) {
  auto* numbers = reinterpret_cast<float*>(simt::dynamic_shared());
  const unsigned i = threadIdx.x;
  x[blockIdx.x * kThreads + i] = numbers[i ^ apart];
  sync<between>();
  numbers[i] = 1;
}

using Races = NotedAccesses;

TEST_F(Races, AWriteAndAReadOfOthersNeedASyncOfWhoeverTheyAre) {
  expect_race(writes_then_reads<Between::Nothing, 1>);
  expect_none(writes_then_reads<Between::Warp, 1>);
  expect_none(writes_then_reads<Between::Block, 1>);
  expect_race(writes_then_reads<Between::Warp, 32>);
  expect_none(writes_then_reads<Between::Block, 32>);
  expect_none(writes_then_reads<Between::Nothing, 0>);
}

TEST_F(Races, AReadAndAWriteAfterItLikewise) {
  expect_race(reads_then_writes<Between::Nothing, 1>);
  expect_none(reads_then_writes<Between::Warp, 1>);
  expect_none(reads_then_writes<Between::Block, 1>);
  expect_race(reads_then_writes<Between::Warp, 32>);
  expect_none(reads_then_writes<Between::Block, 32>);
  expect_none(reads_then_writes<Between::Nothing, 0>);
}

// All read what one of them writes afterwards: any of the readers counts, not the last alone.
template <unsigned writer, bool after_warp>
__global__ void one_writes_what_all_read(float* x) {
  x[1 + threadIdx.x] = x[0];
  if constexpr (after_warp) simt::sync_warp();
  if (threadIdx.x == writer) x[0] = 1;
}
template <unsigned writer>
__global__ void one_writes_what_its_warp_read(float* x) {
  if (threadIdx.x < 32) {
    x[1 + threadIdx.x] = x[0];
    simt::sync_warp();
    if (threadIdx.x == writer) x[0] = 1;
  }
}
TEST_F(Races, EveryReaderCounts) {
  expect_race(one_writes_what_all_read<0, false>);
  expect_race(one_writes_what_all_read<kThreads - 1, false>);
  expect_race(one_writes_what_all_read<0, true>);
  expect_race(one_writes_what_all_read<kThreads - 1, true>);
  expect_none(one_writes_what_its_warp_read<0>);
  expect_none(one_writes_what_its_warp_read<31>);
}

__global__ void all_write(float* x) { x[0] = 1; }
TEST_F(Races, TwoWritesOfTheSameCount) { expect_race(all_write); }

// Also where the threads' stacks follow in memory what they reach.
__global__ void lanes_write_a_place(float* x) {
  if (threadIdx.x >= 30 && threadIdx.x < 32) x[16000] = 1;
}
TEST_F(Races, LargeMemoryIsNobodysStack) {
  for (int i = 0; i < 4; ++i) {
    const DeviceArray<float> x(1 << 18);
    Stream stream;
    EXPECT_THROW(launch(stream, {.threads = kThreads}, lanes_write_a_place, x.data()),
                 std::logic_error);
  }
}

// The upper half of a float, and all of it.
__global__ void overlap(float* x) {
  if (threadIdx.x == 0) reinterpret_cast<std::uint16_t*>(x)[1] = 1;
  if (threadIdx.x == 1) x[0] = 1;
}
__global__ void neighbours(float* x) { reinterpret_cast<std::uint16_t*>(x)[threadIdx.x] = 1; }
TEST_F(Races, PartsOfAWordAreToldApart) {
  expect_race(overlap);
  expect_none(neighbours);
}

__global__ void blocks_write_one_place(float* x) {
  if (threadIdx.x == 0) x[0] = static_cast<float>(blockIdx.x);
}
__global__ void one_block_reads_what_another_writes(float* x) {
  if (threadIdx.x == 0 && blockIdx.x == 0) x[1] = x[0];
  simt::sync_block();
  if (threadIdx.x == 0 && blockIdx.x == 1) x[0] = 1;
}
TEST_F(Races, BlocksAreNeverOrdered) {
  expect_none(blocks_write_one_place, 1);
  expect_race(blocks_write_one_place, 2);
  expect_race(one_block_reads_what_another_writes, 2);
}

// Shared memory, declared or dynamic, is each block's own; two launches are ordered.
TEST_F(Races, SharedMemoryIsEachBlocksOwn) {
  expect_none(writes_then_reads<Between::Block, 32>, 3);
  expect_none(reads_then_writes<Between::Block, 32>, 3);
}
TEST_F(Races, LaunchesOfAStreamAreOrdered) {
  DeviceArray<float> x(kThreads);
  Stream stream;
  for (int i = 0; i < 2; ++i)
    launch(stream, {.threads = kThreads}, blocks_write_one_place, x.data());
  EXPECT_NO_THROW(stream.synchronize());
}

__global__ void shuffles_between(float* x) {
  x[threadIdx.x] = 1;
  const float other = simt::shuffle_xor(1.0F, 1);
  x[kThreads + threadIdx.x] = other + x[threadIdx.x ^ 1];
}
TEST_F(Races, AShuffleOrdersNoMemory) { expect_race(shuffles_between); }

template <Between between>
__global__ void block_of_rows(float*) {
  auto* rows = reinterpret_cast<simt::Bf16*>(simt::dynamic_shared());
  rows[threadIdx.x * 8] = simt::rounded<simt::Bf16>(1);
  sync<between>();
  std::uint32_t loaded[4];
  simt::load_blocks(loaded, rows + (threadIdx.x ^ 1) * 8);
}
TEST_F(Races, BlocksThatAWarpLoadsAreReadByTheLanesThatNameThem) {
  expect_race(block_of_rows<Between::Nothing>);
  expect_none(block_of_rows<Between::Warp>);
}

enum class Copied {
  ReadUnsynced,
  Synced,
  SyncedBeforeTheWait,
  IntoWhatOthersRead,
  FromWhatIsWritten,
  ReadBetweenSyncs
};

template <Copied how>
__global__ void copies(float* x) {
  auto* shared = reinterpret_cast<float*>(simt::dynamic_shared());
  const unsigned mine = threadIdx.x * 4, theirs = mine ^ 4;
  float read = 0;
  if (how == Copied::IntoWhatOthersRead) read = shared[theirs];
  if (how == Copied::FromWhatIsWritten) x[theirs] = 1;
  simt::copy_16(shared + mine, x + mine);
  simt::commit_copies();
  if (how == Copied::SyncedBeforeTheWait) simt::sync_block();
  if (how == Copied::ReadBetweenSyncs) {
    simt::sync_block();
    read = shared[theirs];
    simt::sync_block();
  }
  simt::wait_copies<0>();
  if (how == Copied::Synced) simt::sync_block();
  if (how == Copied::Synced || how == Copied::ReadUnsynced || how == Copied::SyncedBeforeTheWait)
    read = shared[theirs];
  if (read == 1) x[mine + 1] = read;
}
TEST_F(Races, CopiesHappenAtAnyTimeUntilTheyAreWaitedForAndSynced) {
  expect_none(copies<Copied::Synced>);
  expect_race(copies<Copied::ReadUnsynced>);
  expect_race(copies<Copied::SyncedBeforeTheWait>);
  expect_race(copies<Copied::IntoWhatOthersRead>);
  expect_race(copies<Copied::FromWhatIsWritten>);
  expect_race(copies<Copied::ReadBetweenSyncs>);
}

TEST_F(Races, NameWhoReachesWhat) {
  EXPECT_THAT([] { run(all_write); },
              ThrowsMessage<std::logic_error>(AllOf(HasSubstr("thread 0 of block 0 (code at 0x"),
                                                    HasSubstr("thread 1 of block 0 (code at 0x"))));
}

}  // namespace
}  // namespace isoloss
