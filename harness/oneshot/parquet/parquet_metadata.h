// The footer of a parquet file: its schema as it is stored, and where its columns lie. Field
// numbers are those of parquet-format's parquet.thrift.
#pragma once
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace isoloss {

// A row of the schema, which lists a tree from its root, each node before its children.
struct ParquetField {
  std::string name;
  std::optional<std::int64_t> type = {};       // of a column; absent: a group
  std::int64_t repetition = 0;                 // 0 required, 1 optional, 2 repeated
  std::int64_t children = 0;                   // of a group
  std::optional<std::int64_t> converted = {};  // ConvertedType
  std::optional<int> logical = {};             // which LogicalType; it counts where both are there
  bool is_signed = true;                       // of the logical type INTEGER
};

// What a row group holds of a column.
struct ParquetChunk {
  std::int64_t type = 0;
  std::int64_t codec = 0;
  std::int64_t values = 0;          // nulls and empty lists among them
  std::int64_t unpacked_bytes = 0;  // of all pages, with their heads
  std::string_view pages;           // dictionary page first, where there is one
};

struct ParquetRowGroup {
  std::int64_t rows = 0;
  std::vector<ParquetChunk> columns;  // in the schema's order
};

struct ParquetFile {
  std::vector<ParquetField> schema;
  std::vector<ParquetRowGroup> groups;
};

// `bytes` is a whole file and outlives what is returned; `file` names it. InputError: no parquet,
// cut short, damaged, encrypted, with columns in other files, or with more values than a file of
// its size can sensibly have.
ParquetFile read_parquet_footer(std::string_view bytes, const std::string& file);

}  // namespace isoloss
