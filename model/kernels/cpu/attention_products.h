// The products of causal attention for one block of queries and the keys up to its last, with the
// sums of a tile in registers. A block's scores, and whatever else there is of each key and query,
// lie [keys, queries]; Q, K, V and their gradients lie [steps, channels], channels padded to whole
// vectors. `first` is the block's first query: what the mask hides whole tiles of is not touched.
#pragma once
#include <algorithm>
#include <cstdint>
#include <type_traits>

#include "model/kernels/cpu/register_blocks.h"
#include "model/kernels/cpu/simd.h"

namespace isoloss {

template <typename Real>
inline constexpr std::int64_t kQueryBlock = 2 * kLanes<Real>;

// Rows of a tile that is `vectors` wide: its sums, as many as lanes, and what they are made of fill
// the registers (32 of 16 floats, or 16 of 8).
template <typename Real, std::int64_t vectors>
inline constexpr std::int64_t kTileRows = kLanes<Real> / vectors;

template <typename Real>
using Lanes = typename Simd<Real, kLanes<Real>>::Vector;

// sums[r][v] += over steps s of a[r row + s step] times vector v of b[s b_step].
template <std::int64_t vectors, typename Real>
inline void add_products(const Real* a, std::int64_t row, std::int64_t step, const Real* b,
                         std::int64_t b_step, std::int64_t steps,
                         Lanes<Real> (&sums)[kLanes<Real>]) {
  using S = Simd<Real, kLanes<Real>>;
  for (std::int64_t s = 0; s < steps; ++s) {
    Lanes<Real> columns[vectors];
    for (std::int64_t v = 0; v < vectors; ++v)
      columns[v] = S::load(b + s * b_step + v * kLanes<Real>);
#pragma GCC unroll 16
    for (std::int64_t i = 0; i < kLanes<Real>; ++i)
      sums[i] += a[i / vectors * row + s * step] * columns[i % vectors];
  }
}

// Calls done(key, vector of queries, products) for the sums over channels of rows[key][channel]
// columns[channel][query].
template <typename Real, typename Done>
inline void for_scores(const Real* rows, std::int64_t channels, std::int64_t d, const Real* columns,
                       std::int64_t first, const Done& done) {
  constexpr std::int64_t kL = kLanes<Real>;
  const auto tile = [&]<std::int64_t vectors>(std::int64_t key,
                                              std::integral_constant<std::int64_t, vectors>) {
    constexpr std::int64_t kBefore = 2 - vectors;  // the first half sees none of the last keys
    Lanes<Real> sums[kL] = {};
    add_products<vectors>(rows + key * channels, channels, 1, columns + kBefore * kL,
                          kQueryBlock<Real>, d, sums);
#pragma GCC unroll 16
    for (std::int64_t i = 0; i < kL; ++i) done(key + i / vectors, kBefore + i % vectors, sums[i]);
  };
  std::int64_t key = 0;
  for (; key < first + kL; key += kTileRows<Real, 2>)
    tile(key, std::integral_constant<std::int64_t, 2>());
  for (; key < first + 2 * kL; key += kTileRows<Real, 1>)
    tile(key, std::integral_constant<std::int64_t, 1>());
}

// Calls work(first channel, width in vectors) for all channels, two vectors at once where there are
// two.
template <typename Real, typename Work>
inline void for_panels(std::int64_t channels, const Work& work) {
  std::int64_t c = 0;
  for (; c + 2 * kLanes<Real> <= channels; c += 2 * kLanes<Real>)
    work(c, std::integral_constant<std::int64_t, 2>());
  if (c < channels) work(c, std::integral_constant<std::int64_t, 1>());
}

// to[query][channel] = sum over keys of weights[key][query] rows[key][channel].
template <typename Real>
inline void sum_over_keys(const Real* weights, const Real* rows, std::int64_t channels,
                          std::int64_t first, Real* to) {
  using S = Simd<Real, kLanes<Real>>;
  for_panels<Real>(channels, [&]<std::int64_t vectors>(
                                 std::int64_t c, std::integral_constant<std::int64_t, vectors>) {
    constexpr std::int64_t kRows = kTileRows<Real, vectors>;
    for (std::int64_t q = 0; q < kQueryBlock<Real>; q += kRows) {
      Lanes<Real> sums[kLanes<Real>] = {};
      add_products<vectors>(weights + q, 1, kQueryBlock<Real>, rows + c, channels,
                            first + q + kRows, sums);
#pragma GCC unroll 16
      for (std::int64_t i = 0; i < kLanes<Real>; ++i)
        S::store(to + (q + i / vectors) * channels + c + i % vectors * kLanes<Real>, sums[i]);
    }
  });
}

// to[key][channel] += sum over the block's queries of weights[key][query] rows[query][channel].
template <typename Real>
inline void add_over_queries(const Real* weights, const Real* rows, std::int64_t channels,
                             std::int64_t first, Real* to) {
  using S = Simd<Real, kLanes<Real>>;
  constexpr std::int64_t kB = kQueryBlock<Real>;
  for_panels<Real>(channels, [&]<std::int64_t vectors>(
                                 std::int64_t c, std::integral_constant<std::int64_t, vectors>) {
    constexpr std::int64_t kRows = kTileRows<Real, vectors>;
    for (std::int64_t key = 0; key < first + kB; key += kRows) {
      const std::int64_t q = std::max<std::int64_t>(0, key - first);  // the first that sees the key
      const auto place = [&](std::int64_t i) {
        return to + (key + i / vectors) * channels + c + i % vectors * kLanes<Real>;
      };
      Lanes<Real> sums[kLanes<Real>];
#pragma GCC unroll 16
      for (std::int64_t i = 0; i < kLanes<Real>; ++i) sums[i] = S::load(place(i));
      add_products<vectors>(weights + key * kB + q, kB, 1, rows + q * channels + c, channels,
                            kB - q, sums);
#pragma GCC unroll 16
      for (std::int64_t i = 0; i < kLanes<Real>; ++i) S::store(place(i), sums[i]);
    }
  });
}

// to[channel][query] = from[query][channel], a block of queries.
template <typename Real>
inline void transpose_queries(const Real* from, std::int64_t channels, Real* to) {
  constexpr std::int64_t kB = kQueryBlock<Real>;
  if constexpr (kLanes<Real> == kSide && sizeof(Real) == sizeof(std::int32_t)) {
    using S = Simd<Real, kSide>;
    for (std::int64_t q = 0; q < kB; q += kSide)
      for (std::int64_t c = 0; c < channels; c += kSide) {
        Lanes<Real> block[kSide];
#pragma GCC unroll 16
        for (std::int64_t i = 0; i < kSide; ++i) block[i] = S::load(from + (q + i) * channels + c);
        transpose_block(block);
#pragma GCC unroll 16
        for (std::int64_t i = 0; i < kSide; ++i) S::store(to + (c + i) * kB + q, block[i]);
      }
  } else {
    for (std::int64_t q = 0; q < kB; ++q)
      for (std::int64_t c = 0; c < channels; ++c) to[c * kB + q] = from[q * channels + c];
  }
}

}  // namespace isoloss
