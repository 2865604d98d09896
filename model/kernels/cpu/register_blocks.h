// Transpositions of bfloat16 in registers, block by block: what matrix units read beside rows.
// Strides are in elements; values are bits here.
#pragma once
#include <cstdint>

#include "model/kernels/cpu/simd.h"

namespace isoloss {

inline constexpr std::int64_t kSide = 16;  // of a block in registers

using Words = Simd<std::uint32_t, kSide>;
using Halves = Simd<std::uint16_t, kSide>;

// One of the four exchanges of a transposition: rows `apart` apart swap the parts of their blocks
// of 2 apart columns that lie across the diagonal.
template <int apart, typename Vector>
inline void exchange(Vector (&rows)[kSide]) {
  typedef std::int32_t Places __attribute__((vector_size(kSide * sizeof(std::int32_t))));
  Places low{}, high{};
  for (int i = 0; i < kSide; ++i) {
    const bool second = (i & apart) != 0;
    low[i] = second ? static_cast<int>(kSide) + i - apart : i;
    high[i] = second ? static_cast<int>(kSide) + i : i + apart;
  }
#pragma GCC unroll 16
  for (int r = 0; r < kSide; ++r) {
    if ((r & apart) != 0) continue;
    const Vector above = rows[r], below = rows[r + apart];
    rows[r] = __builtin_shuffle(above, below, low);
    rows[r + apart] = __builtin_shuffle(above, below, high);
  }
}

// 16 x 16 values of four bytes.
template <typename Vector>
inline void transpose_block(Vector (&rows)[kSide]) {
  exchange<1>(rows);
  exchange<2>(rows);
  exchange<4>(rows);
  exchange<8>(rows);
}

// Words of two rows' columns: the first row's value is the lower half.
inline Words::Vector pairs_of_rows(const std::uint16_t* even, const std::uint16_t* odd) {
  return __builtin_convertvector(Halves::load(even), Words::Vector) |
         __builtin_convertvector(Halves::load(odd), Words::Vector) << 16;
}

// to[c][r] = from[r][c] for 32 rows and 16 columns.
inline void transpose_pairs(const std::uint16_t* from, std::int64_t from_stride, std::uint16_t* to,
                            std::int64_t to_stride) {
  Words::Vector words[kSide];
#pragma GCC unroll 16
  for (std::int64_t r = 0; r < kSide; ++r)
    words[r] = pairs_of_rows(from + 2 * r * from_stride, from + (2 * r + 1) * from_stride);
  transpose_block(words);
#pragma GCC unroll 16
  for (std::int64_t c = 0; c < kSide; ++c)
    Words::store(reinterpret_cast<std::uint32_t*>(to + c * to_stride), words[c]);
}

// As transpose_pairs for 16 rows of 32 columns that stay in pairs: pair c of row r goes to row c,
// place r.
inline void transpose_words(const std::uint16_t* from, std::int64_t from_stride, std::uint16_t* to,
                            std::int64_t to_stride) {
  Words::Vector words[kSide];
#pragma GCC unroll 16
  for (std::int64_t r = 0; r < kSide; ++r)
    words[r] = Words::load(reinterpret_cast<const std::uint32_t*>(from + r * from_stride));
  transpose_block(words);
#pragma GCC unroll 16
  for (std::int64_t c = 0; c < kSide; ++c)
    Words::store(reinterpret_cast<std::uint32_t*>(to + c * to_stride), words[c]);
}

}  // namespace isoloss
