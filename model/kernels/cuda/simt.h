// The words that kernels are written in. nvcc compiles them for a GPU; with ISOLOSS_EMULATED a
// plain C++ compiler compiles the same files for the emulator (emulator/block.h), on which tests
// run them without a GPU. Kernels use nothing of CUDA but what is here: no float atomics (their
// order, and so the bits, would change from run to run) and no branch around a warp or block
// operation that some of its threads do not take.
// Sources: CUDA C++ Programming Guide (thread hierarchy, warp shuffles), PTX ISA 8.x, section
// "Matrix multiply-accumulate" (layouts of mma.m16n8k16 and ldmatrix).
#pragma once
#include <cmath>
#include <cstddef>
#include <cstdint>
#include <cstring>
#include <memory>

#include "model/kernels/cuda/bfloat16.h"
#ifdef ISOLOSS_EMULATED
#include "model/kernels/cuda/emulator/block.h"
// Always, so that no kernel calls another file's copy, whose accesses may not be noted.
#define ISOLOSS_INLINE inline __attribute__((always_inline))
#define ISOLOSS_UNROLL
#define ISOLOSS_ROLLED
#else
#include <cuda_runtime.h>
#define ISOLOSS_INLINE __device__ __forceinline__
// Before a loop over an array that must stay in registers.
#define ISOLOSS_UNROLL _Pragma("unroll")
// Before a loop whose rounds would hold too many registers at once.
#define ISOLOSS_ROLLED _Pragma("unroll 1")
#endif

namespace isoloss::simt {

inline constexpr int kWarp = 32;
inline constexpr float kLog2E = 1.4426950408889634F;

// ---- Numbers --------------------------------------------------------------------------------

// Two of them in a register, `low` at the lower address: what mma reads.
ISOLOSS_INLINE std::uint32_t packed(float low, float high) {
#ifdef ISOLOSS_EMULATED
  return static_cast<std::uint32_t>(rounded<Bf16>(low).bits) |
         (static_cast<std::uint32_t>(rounded<Bf16>(high).bits) << 16);
#else
  std::uint32_t pair;
  asm("cvt.rn.bf16x2.f32 %0, %1, %2;\n" : "=r"(pair) : "f"(high), "f"(low));
  return pair;
#endif
}

// N values read or written at once: 16 bytes where N * sizeof(T) is 16.
template <typename T, int N>
struct alignas(sizeof(T) * N) Pack {
  T values[N];
};
template <typename T, int N>
ISOLOSS_INLINE Pack<T, N> load(const T* from) {
  return *reinterpret_cast<const Pack<T, N>*>(from);
}
template <typename T, int N>
ISOLOSS_INLINE void store(T* to, const Pack<T, N>& pack) {
  *reinterpret_cast<Pack<T, N>*>(to) = pack;
}

// 16 bytes to global memory, aligned. A pack of Bf16 that store() is given nvcc writes in four
// pieces.
ISOLOSS_INLINE void store_16(void* global, const std::uint32_t (&words)[4]) {
#ifdef ISOLOSS_EMULATED
  std::memcpy(std::assume_aligned<16>(global), words, sizeof words);
#else
  asm volatile("st.global.v4.b32 [%0], {%1,%2,%3,%4};\n" ::"l"(__cvta_generic_to_global(global)),
               "r"(words[0]), "r"(words[1]), "r"(words[2]), "r"(words[3])
               : "memory");
#endif
}

// ---- Threads --------------------------------------------------------------------------------

#ifdef ISOLOSS_EMULATED
ISOLOSS_INLINE void sync_block() { current_block().sync_block(); }
ISOLOSS_INLINE void sync_warp() { current_block().sync_warp(); }
// Dynamic shared memory of the block, aligned to 128 bytes.
ISOLOSS_INLINE std::byte* dynamic_shared() { return current_block().dynamic_shared(); }
template <typename T>
ISOLOSS_INLINE T shuffle(T x, int lane) {
  return current_block().shuffle(x, lane);
}
ISOLOSS_INLINE float fast_exp(float x) { return std::exp(x); }
ISOLOSS_INLINE float fast_exp2(float x) { return std::exp2(x); }
ISOLOSS_INLINE float fast_divide(float x, float by) { return x / by; }
ISOLOSS_INLINE float inverse_root(float x) { return 1.0F / std::sqrt(x); }
#else
ISOLOSS_INLINE void sync_block() { __syncthreads(); }
ISOLOSS_INLINE void sync_warp() { __syncwarp(); }
ISOLOSS_INLINE std::byte* dynamic_shared() {
  extern __shared__ __align__(128) unsigned char isoloss_dynamic_shared[];
  return reinterpret_cast<std::byte*>(isoloss_dynamic_shared);
}
template <typename T>
ISOLOSS_INLINE T shuffle(T x, int lane) {
  return __shfl_sync(0xffffffffU, x, lane);
}
// Denormal powers are zero, which saves the scaling of others around the instruction.
ISOLOSS_INLINE float fast_exp2(float x) {
  float power;
  asm("ex2.approx.ftz.f32 %0, %1;\n" : "=f"(power) : "f"(x));
  return power;
}
ISOLOSS_INLINE float fast_exp(float x) { return fast_exp2(kLog2E * x); }
// Without the slow path that IEEE's division keeps for every case; 0 from |by| = 2^126 on.
ISOLOSS_INLINE float fast_divide(float x, float by) { return __fdividef(x, by); }
ISOLOSS_INLINE float inverse_root(float x) { return rsqrtf(x); }
#endif

ISOLOSS_INLINE int lane() { return static_cast<int>(threadIdx.x) % kWarp; }
ISOLOSS_INLINE int warp() { return static_cast<int>(threadIdx.x) / kWarp; }

// The value of the lane whose number differs by `bits`.
template <typename T>
ISOLOSS_INLINE T shuffle_xor(T x, int bits) {
  return shuffle(x, lane() ^ bits);
}

// Over `width` neighbouring lanes (a power of two), to all of them, in an order that is always the
// same.
template <int width = kWarp>
ISOLOSS_INLINE float warp_sum(float x) {
  for (int bits = width / 2; bits > 0; bits /= 2) x += shuffle_xor(x, bits);
  return x;
}
template <int width = kWarp>
ISOLOSS_INLINE float warp_max(float x) {
  for (int bits = width / 2; bits > 0; bits /= 2) {
    const float other = shuffle_xor(x, bits);
    x = x > other ? x : other;
  }
  return x;
}

// Over a block of `threads` (a multiple of 32, one-dimensional), to all of them. `scratch` is
// shared memory of 32 floats that nobody else uses until the block's next sync.
template <int threads>
ISOLOSS_INLINE float block_sum(float x, float* scratch) {
  x = warp_sum(x);
  if (lane() == 0) scratch[warp()] = x;
  sync_block();
  float sum = 0;
  for (int i = 0; i < threads / kWarp; ++i) sum += scratch[i];
  sync_block();
  return sum;
}

// ---- Matrix units and copies -----------------------------------------------------------------

// d += a b with a [16, 16] by rows, b [16, 8] by columns, bfloat16 operands and float32 sums, over
// a warp. With g = lane / 4, t = lane % 4: a holds rows g, g + 8, g, g + 8 at columns 2t, 2t, 2t +
// 8, 2t + 8 (two neighbours a register); b rows 2t, 2t + 8 of column g; d rows g, g, g + 8, g + 8
// at columns 2t, 2t + 1, 2t, 2t + 1.
ISOLOSS_INLINE void multiply_add(float (&d)[4], const std::uint32_t (&a)[4],
                                 const std::uint32_t (&b)[2]) {
#ifdef ISOLOSS_EMULATED
  current_block().multiply_add(d, a, b);
#else
  asm volatile(
      "mma.sync.aligned.m16n8k16.row.col.f32.bf16.bf16.f32 {%0,%1,%2,%3}, {%4,%5,%6,%7}, {%8,%9}, "
      "{%0,%1,%2,%3};\n"
      : "+f"(d[0]), "+f"(d[1]), "+f"(d[2]), "+f"(d[3])
      : "r"(a[0]), "r"(a[1]), "r"(a[2]), "r"(a[3]), "r"(b[0]), "r"(b[1]));
#endif
}

// Four 8 x 8 blocks of bfloat16 from shared memory: lane i gives the address of row i % 8 of block
// i / 8 (16 bytes, aligned), and register j gets of block j row lane / 4, columns 2 (lane % 4) and
// the next. Transposed: of block j column lane / 4, rows 2 (lane % 4) and the next.
ISOLOSS_INLINE void load_blocks(std::uint32_t (&r)[4], const Bf16* row) {
#ifdef ISOLOSS_EMULATED
  current_block().load_blocks(r, row, false);
#else
  const auto address = static_cast<std::uint32_t>(__cvta_generic_to_shared(row));
  asm volatile("ldmatrix.sync.aligned.m8n8.x4.shared.b16 {%0,%1,%2,%3}, [%4];\n"
               : "=r"(r[0]), "=r"(r[1]), "=r"(r[2]), "=r"(r[3])
               : "r"(address)
               : "memory");
#endif
}
ISOLOSS_INLINE void load_blocks_transposed(std::uint32_t (&r)[4], const Bf16* row) {
#ifdef ISOLOSS_EMULATED
  current_block().load_blocks(r, row, true);
#else
  const auto address = static_cast<std::uint32_t>(__cvta_generic_to_shared(row));
  asm volatile("ldmatrix.sync.aligned.m8n8.x4.trans.shared.b16 {%0,%1,%2,%3}, [%4];\n"
               : "=r"(r[0]), "=r"(r[1]), "=r"(r[2]), "=r"(r[3])
               : "r"(address)
               : "memory");
#endif
}

// 16 bytes to shared memory, there once wait_copies() of a later group count allows it and the
// block has synchronised. The emulator copies as late as is allowed.
ISOLOSS_INLINE void copy_16(void* shared, const void* global) {
#ifdef ISOLOSS_EMULATED
  current_block().copy_16(shared, global);
#else
  const auto address = static_cast<std::uint32_t>(__cvta_generic_to_shared(shared));
  asm volatile("cp.async.cg.shared.global [%0], [%1], 16;\n" ::"r"(address), "l"(global)
               : "memory");
#endif
}
// Closes this thread's group of copies.
ISOLOSS_INLINE void commit_copies() {
#ifdef ISOLOSS_EMULATED
  current_block().commit_copies();
#else
  asm volatile("cp.async.commit_group;\n" ::: "memory");
#endif
}
// Waits until at most `groups` of this thread's groups are on their way.
template <int groups>
ISOLOSS_INLINE void wait_copies() {
#ifdef ISOLOSS_EMULATED
  current_block().wait_copies(groups);
#else
  asm volatile("cp.async.wait_group %0;\n" ::"n"(groups) : "memory");
#endif
}

}  // namespace isoloss::simt
