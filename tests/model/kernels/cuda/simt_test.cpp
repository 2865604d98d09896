// The words that kernels are written in do what CUDA says they do. Compiled for the emulator and,
// with ISOLOSS_CUDA, for a GPU.
#include "model/kernels/cuda/simt.h"

#include <gtest/gtest.h>

#include <cstdint>
#include <numeric>
#include <random>
#include <stdexcept>
#include <vector>

#include "model/kernels/cuda/device.h"
#include "tests/model/kernels/cuda/both_orders.h"

namespace isoloss {
namespace {

using simt::Bf16;

__global__ void block_sums(const float* x, float* sums) {
  __shared__ float scratch[32];
  const int i = static_cast<int>(blockIdx.x * blockDim.x + threadIdx.x);
  const float sum = simt::block_sum<96>(x[i], scratch);
  if (threadIdx.x == 0) sums[blockIdx.x] = sum;
}

TEST(Simt, ABlockAddsItsThreads) {
  std::vector<float> x(3 * 96);
  std::iota(x.begin(), x.end(), 0.0F);
  const auto device = to_device<float>(x);
  in_both_orders([&] {
    DeviceArray<float> sums(3);
    Stream stream;
    launch(stream, {.grid_x = 3, .threads = 96}, block_sums,
           static_cast<const float*>(device.data()), sums.data());
    stream.synchronize();
    // Sum of 96 numbers from 96 b: 96 (96 b + 95 / 2).
    EXPECT_EQ(to_host(sums), (std::vector<float>{4560, 13776, 22992}));
  });
}

// c = a b of one warp: a [16, 16] by rows, b [16, 8] by rows, both by way of shared memory.
__global__ void small_product(const Bf16* a, const Bf16* b, float* c) {
  auto* shared_a = reinterpret_cast<Bf16*>(simt::dynamic_shared());
  Bf16* shared_b = shared_a + 256;
  const int lane = simt::lane();
  simt::copy_16(shared_a + 8 * lane, a + 8 * lane);
  if (lane < 16) simt::copy_16(shared_b + 8 * lane, b + 8 * lane);
  simt::commit_copies();
  simt::wait_copies<0>();
  simt::sync_block();
  std::uint32_t of_a[4], of_b[4];
  simt::load_blocks(of_a, shared_a + (lane % 16) * 16 + lane / 16 * 8);
  simt::load_blocks_transposed(of_b, shared_b + (lane % 16) * 8);
  float d[4] = {0, 0, 0, 0};
  simt::multiply_add(d, of_a, {of_b[0], of_b[1]});
  const int row = lane / 4, column = 2 * (lane % 4);
  c[row * 8 + column] = d[0];
  c[row * 8 + column + 1] = d[1];
  c[(row + 8) * 8 + column] = d[2];
  c[(row + 8) * 8 + column + 1] = d[3];
}

TEST(Simt, AWarpMultipliesMatrices) {
  std::mt19937 random(1);
  std::uniform_int_distribution<int> small(-8, 8);  // sums of products are exact
  std::vector<Bf16> a(256), b(128);
  for (Bf16& x : a) x = simt::rounded<Bf16>(static_cast<float>(small(random)));
  for (Bf16& x : b) x = simt::rounded<Bf16>(static_cast<float>(small(random)));
  std::vector<float> expected(128, 0.0F);
  for (std::size_t i = 0; i < 16; ++i)
    for (std::size_t j = 0; j < 8; ++j)
      for (std::size_t k = 0; k < 16; ++k)
        expected[i * 8 + j] += simt::to_float(a[i * 16 + k]) * simt::to_float(b[k * 8 + j]);
  const auto device_a = to_device<Bf16>(a), device_b = to_device<Bf16>(b);
  in_both_orders([&] {
    DeviceArray<float> c(128);
    Stream stream;
    launch(stream, {.threads = 32, .shared_bytes = 768}, small_product,
           static_cast<const Bf16*>(device_a.data()), static_cast<const Bf16*>(device_b.data()),
           c.data());
    stream.synchronize();
    EXPECT_EQ(to_host(c), expected);
  });
}

TEST(Simt, RoundsToTheNearestBfloat16TiesToEven) {
  // 1 + 2^-8 lies midway between 1 and 1 + 2^-7; 1 + 3 2^-8 between 1 + 2^-7 and 1 + 2^-6.
  EXPECT_EQ(simt::to_float(simt::rounded<Bf16>(1.00390625F)), 1.0F);
  EXPECT_EQ(simt::to_float(simt::rounded<Bf16>(1.01171875F)), 1.015625F);
  EXPECT_EQ(simt::to_float(simt::rounded<Bf16>(-2.5F)), -2.5F);
}

__global__ void one(float* x) { x[0] = 1; }

// A launch of no rows, which CUDA refuses where it is asked (cudaErrorInvalidConfiguration).
TEST(Simt, NoBlocksDoNothing) {
  DeviceArray<float> x(1);
  Stream stream;
  stream.zero(x.data(), sizeof(float));
  launch(stream, {.grid_x = 0, .threads = 32}, one, x.data());
  launch(stream, {.grid_y = 0, .threads = 32}, one, x.data());
  launch(stream, {.grid_z = 0, .threads = 32}, one, x.data());
  stream.synchronize();
  EXPECT_EQ(to_host(x), std::vector<float>{0});
}

TEST(Graph, DoesItsWorkEachTimeItIsLaunched) {
  DeviceArray<float> x(1);
  Stream stream;
  Graph graph = Graph::capture(stream, [&] { launch(stream, {.threads = 32}, one, x.data()); });
  stream.zero(x.data(), sizeof(float));
  stream.synchronize();
  EXPECT_EQ(to_host(x), std::vector<float>{0});
  graph.launch(stream);
  stream.synchronize();
  EXPECT_EQ(to_host(x), std::vector<float>{1});
}

}  // namespace
}  // namespace isoloss
