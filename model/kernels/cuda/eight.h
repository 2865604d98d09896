// Eight neighbouring values in a thread's registers, read and written 16 bytes at a time: what the
// kernels over rows work in. Sums are float whatever memory holds.
#pragma once
#include "model/kernels/cuda/simt.h"

namespace isoloss::device {

struct Eight {
  float at[8];
};

ISOLOSS_INLINE Eight all_eight(float x) { return {{x, x, x, x, x, x, x, x}}; }

ISOLOSS_INLINE Eight load_eight(const float* from) {
  const auto low = simt::load<float, 4>(from), high = simt::load<float, 4>(from + 4);
  return {{low.values[0], low.values[1], low.values[2], low.values[3], high.values[0],
           high.values[1], high.values[2], high.values[3]}};
}
ISOLOSS_INLINE Eight load_eight(const simt::Bf16* from) {
  const auto pack = simt::load<simt::Bf16, 8>(from);
  Eight x;
  ISOLOSS_UNROLL
  for (int i = 0; i < 8; ++i) x.at[i] = simt::to_float(pack.values[i]);
  return x;
}

ISOLOSS_INLINE void store_eight(float* to, const Eight& x) {
  simt::store<float, 4>(to, {{x.at[0], x.at[1], x.at[2], x.at[3]}});
  simt::store<float, 4>(to + 4, {{x.at[4], x.at[5], x.at[6], x.at[7]}});
}
// In global memory.
ISOLOSS_INLINE void store_eight(simt::Bf16* to, const Eight& x) {
  simt::store_16(to, {simt::packed(x.at[0], x.at[1]), simt::packed(x.at[2], x.at[3]),
                      simt::packed(x.at[4], x.at[5]), simt::packed(x.at[6], x.at[7])});
}

ISOLOSS_INLINE float sum(const Eight& x) {
  return ((x.at[0] + x.at[1]) + (x.at[2] + x.at[3])) + ((x.at[4] + x.at[5]) + (x.at[6] + x.at[7]));
}

// This thread's number in a one-dimensional grid. 32 bits: divisions by it are many times cheaper,
// and threads of eight values each are fewer than 2^32.
ISOLOSS_INLINE std::uint32_t grid_thread() { return blockIdx.x * blockDim.x + threadIdx.x; }

}  // namespace isoloss::device
