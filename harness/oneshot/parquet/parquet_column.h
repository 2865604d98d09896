// One column of a row group, unpacked and decoded.
#pragma once
#include <cstdint>
#include <nlohmann/json.hpp>
#include <string>
#include <vector>

#include "harness/oneshot/parquet/parquet_metadata.h"
#include "harness/oneshot/parquet/parquet_schema.h"

namespace isoloss {

struct ParquetColumn {
  std::vector<std::uint8_t> definition;  // level of each entry
  std::vector<std::uint8_t> repetition;  // of as many
  std::vector<nlohmann::json> values;    // of the entries at the leaf's definition level
};

// Reads pages of either version (parquet-format, parquet.thrift and README.md, "Data Pages"):
// plain, dictionary and run-length encoded. InputError naming file and column: another encoding or
// compression, damage (a page's checksum is compared where it has one).
ParquetColumn read_parquet_column(const ParquetChunk& chunk, const ParquetLeaf& leaf,
                                  const std::string& file);

}  // namespace isoloss
