#include "model/kernels/cpu/transpose.h"

#include <algorithm>

#include "model/kernels/cpu/parts.h"
#include "model/kernels/cpu/register_blocks.h"
#include "model/kernels/cpu/simd.h"
#include "model/kernels/cpu/stored.h"

namespace isoloss {
namespace {

using Floats = Simd<float, kSide>;

// 16 rows of 16 columns.
inline void add_block(std::int64_t rows, std::int64_t columns, const std::uint16_t* from,
                      float factor, float* to) {
  Floats::Vector values[kSide];
#pragma GCC unroll 16
  for (int r = 0; r < kSide; ++r)
    values[r] = reinterpret_cast<Floats::Vector>(
        __builtin_convertvector(Halves::load(from + r * columns), Words::Vector) << 16);
  transpose_block(values);
#pragma GCC unroll 16
  for (int c = 0; c < kSide; ++c)
    Floats::store(to + c * rows, Floats::load(to + c * rows) + factor * values[c]);
}

// Calls whole(r, c) for every whole block of `high` rows by kSide columns and one(r, c) for every
// element outside of them; a thread has columns of its own, whose results are rows of its own.
template <typename Whole, typename One>
void for_blocks(std::int64_t rows, std::int64_t columns, std::int64_t high, const Whole& whole,
                const One& one) {
  for_columns(rows, columns, [&](std::int64_t first, std::int64_t last) {
    const std::int64_t whole_rows = rows / high * high;
    const std::int64_t whole_last = first + (last - first) / kSide * kSide;
    for (std::int64_t c = first; c < whole_last; c += kSide)
      for (std::int64_t r = 0; r < whole_rows; r += high) whole(r, c);
    for (std::int64_t r = 0; r < rows; ++r)
      for (std::int64_t c = r < whole_rows ? whole_last : first; c < last; ++c) one(r, c);
  });
}

}  // namespace

void transpose(std::int64_t rows, std::int64_t columns, const c10::BFloat16* from,
               c10::BFloat16* to) {
  const auto* bits = reinterpret_cast<const std::uint16_t*>(from);
  auto* turned = reinterpret_cast<std::uint16_t*>(to);
  for_blocks(
      rows, columns, 2 * kSide,
      [&](std::int64_t r, std::int64_t c) {
        transpose_pairs(bits + r * columns + c, columns, turned + c * rows + r, rows);
      },
      [&](std::int64_t r, std::int64_t c) { turned[c * rows + r] = bits[r * columns + c]; });
}

void add_transposed(std::int64_t rows, std::int64_t columns, const c10::BFloat16* from,
                    float factor, float* to) {
  const auto* bits = reinterpret_cast<const std::uint16_t*>(from);
  for_blocks(
      rows, columns, kSide,
      [&](std::int64_t r, std::int64_t c) {
        add_block(rows, columns, bits + r * columns + c, factor, to + c * rows + r);
      },
      [&](std::int64_t r, std::int64_t c) {
        to[c * rows + r] += factor * real(from[r * columns + c]);
      });
}

}  // namespace isoloss
