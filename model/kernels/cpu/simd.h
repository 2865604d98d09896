// Vectors of the compiler's own (GCC and Clang vector extensions), so that kernels keep
// accumulators in registers on any processor.
#pragma once
#include <algorithm>
#include <cstdint>

namespace isoloss {

#if defined(__AVX512F__)
inline constexpr std::int64_t kVectorBytes = 64;
#else
inline constexpr std::int64_t kVectorBytes = 32;
#endif

// `lanes` values of Real; loads and stores need no alignment.
template <typename Real, std::int64_t lanes>
struct Simd {
  typedef Real Vector __attribute__((vector_size(lanes * sizeof(Real))));
  typedef Real Unaligned
      __attribute__((vector_size(lanes * sizeof(Real)), aligned(sizeof(Real)), may_alias));

  static Vector load(const Real* from) { return *reinterpret_cast<const Unaligned*>(from); }
  static void store(Real* to, Vector value) { *reinterpret_cast<Unaligned*>(to) = value; }
};

// Values of the processor's vector, eight at least (two registers where one holds fewer).
template <typename Real>
inline constexpr std::int64_t kLanes =
    std::max<std::int64_t>(8, kVectorBytes / static_cast<std::int64_t>(sizeof(Real)));

}  // namespace isoloss
