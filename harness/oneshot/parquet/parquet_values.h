// Values of a column one behind the other (parquet-format, Encodings.md, "Plain" and "RLE").
#pragma once
#include <cstddef>
#include <nlohmann/json.hpp>
#include <vector>

#include "harness/oneshot/parquet/byte_cursor.h"
#include "harness/oneshot/parquet/parquet_schema.h"

namespace isoloss {

// The next `count` values. InputError: fewer are there, or bytes that are no UTF-8.
std::vector<nlohmann::json> plain_values(ByteCursor& cursor, const ParquetLeaf& leaf,
                                         std::size_t count);

// Truth values as run lengths behind their size in bytes.
std::vector<nlohmann::json> run_length_booleans(ByteCursor& cursor, std::size_t count);

}  // namespace isoloss
