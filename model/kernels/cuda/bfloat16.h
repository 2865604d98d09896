// bfloat16 as it lies in memory, on the host and on the device.
#pragma once
#include <cstdint>
#include <cstring>
#ifdef __CUDACC__
#include <cuda_bf16.h>
#define ISOLOSS_EVERYWHERE __host__ __device__ inline
#else
#define ISOLOSS_EVERYWHERE inline
#endif

namespace isoloss::simt {

struct alignas(2) Bf16 {
  std::uint16_t bits;
};

ISOLOSS_EVERYWHERE float to_float(float x) { return x; }
ISOLOSS_EVERYWHERE float to_float(Bf16 x) {
  const std::uint32_t bits = static_cast<std::uint32_t>(x.bits) << 16;
  float value;
  memcpy(&value, &bits, sizeof value);
  return value;
}

// To the nearest, ties to even; NaN stays NaN.
template <typename T>
ISOLOSS_EVERYWHERE T rounded(float x);
template <>
ISOLOSS_EVERYWHERE float rounded<float>(float x) {
  return x;
}
template <>
ISOLOSS_EVERYWHERE Bf16 rounded<Bf16>(float x) {
#ifdef __CUDA_ARCH__
  return {__bfloat16_as_ushort(__float2bfloat16_rn(x))};
#else
  std::uint32_t bits;
  memcpy(&bits, &x, sizeof bits);
  if ((bits & 0x7fffffffU) > 0x7f800000U) return {static_cast<std::uint16_t>(0x7fff)};
  bits += 0x7fffU + ((bits >> 16) & 1U);
  return {static_cast<std::uint16_t>(bits >> 16)};
#endif
}

}  // namespace isoloss::simt
