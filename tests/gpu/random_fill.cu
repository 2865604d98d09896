#include "model/kernels/cuda/simt.h"
#include "tests/gpu/random_fill.h"

namespace isoloss {
namespace {

constexpr unsigned kThreads = 256, kBlocks = 1024;

template <typename T>
__global__ void hashes(std::int64_t size, T* x) {
  for (std::int64_t i = static_cast<std::int64_t>(blockIdx.x) * kThreads + threadIdx.x; i < size;
       i += static_cast<std::int64_t>(kBlocks) * kThreads) {
    std::uint64_t bits = static_cast<std::uint64_t>(i) * 0x9e3779b97f4a7c15U;
    bits =
        (bits ^ (bits >> 30)) * 0xbf58476d1ce4e5b9U;  // a round of splitmix64 (Steele et al. 2014)
    bits ^= bits >> 31;
    x[i] = simt::rounded<T>(static_cast<float>(bits >> 40) * 0x1p-23F - 1.0F + 0x1p-24F);
  }
}

}  // namespace

template <typename T>
void fill_random(Stream& stream, std::int64_t size, T* x) {
  launch(stream, {.grid_x = kBlocks, .threads = kThreads}, hashes<T>, size, x);
}
template void fill_random(Stream&, std::int64_t, float*);
template void fill_random(Stream&, std::int64_t, simt::Bf16*);

}  // namespace isoloss
