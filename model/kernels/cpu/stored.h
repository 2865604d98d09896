// What kernels read and write: float, double, or bfloat16 whose arithmetic is float. Conversions
// are plain integer arithmetic, so that a loop over them becomes vector code on any processor.
#pragma once
#include <c10/util/BFloat16.h>

#include <bit>
#include <cstdint>
#include <type_traits>

namespace isoloss {

// The type that sums, statistics and parameters have where operands of products are `Stored`.
template <typename Stored>
using RealOf = std::conditional_t<std::is_same_v<std::remove_const_t<Stored>, c10::BFloat16>, float,
                                  std::remove_const_t<Stored>>;

inline float real(float x) { return x; }
inline double real(double x) { return x; }
inline float real(c10::BFloat16 x) {
  return std::bit_cast<float>(static_cast<std::uint32_t>(x.x) << 16);
}

// To nearest, ties to even; NaN stays NaN.
template <typename Stored>
inline Stored stored(RealOf<Stored> x) {
  if constexpr (std::is_same_v<Stored, c10::BFloat16>) {
    const auto bits = std::bit_cast<std::uint32_t>(x);
    const std::uint32_t rounded = (bits + 0x7fffu + ((bits >> 16) & 1u)) >> 16;
    return {static_cast<std::uint16_t>(x == x ? rounded : 0x7fc0u), c10::BFloat16::from_bits()};
  } else {
    return x;
  }
}

}  // namespace isoloss
