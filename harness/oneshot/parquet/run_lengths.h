// Parquet's hybrid of run lengths and bit-packing (parquet-format, Encodings.md, "RLE = 3"): what
// levels and indices into a dictionary are written in.
#pragma once
#include <cstdint>
#include <vector>

#include "harness/oneshot/parquet/byte_cursor.h"

namespace isoloss {

// The next `count` values, each of `bits` (0 to 32) bits; the cursor stands behind the last run.
// InputError where runs end before.
std::vector<std::uint32_t> run_lengths(ByteCursor& cursor, unsigned bits, std::size_t count);

// `count` values of `bits` bits each, packed from the lowest bit of the first byte on.
void append_packed(std::vector<std::uint32_t>& values, std::string_view bytes, unsigned bits,
                   std::size_t count);

}  // namespace isoloss
