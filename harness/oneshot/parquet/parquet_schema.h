// A parquet schema as the JSON values that its rows become. Where a value is null or a list empty
// follows from definition levels, where lists go on from repetition levels (Melnik et al. 2010,
// "Dremel", section 4.1); how lists are written from parquet-format's LogicalTypes.md, "Lists".
#pragma once
#include <cstdint>
#include <string>
#include <vector>

#include "harness/oneshot/parquet/parquet_metadata.h"

namespace isoloss {

enum class ParquetType { Boolean, Int32, Int64, Float, Double, Text };

struct ParquetLeaf {
  std::string path;  // answers.list.element, as in the file
  std::int64_t stored_type = 0;
  ParquetType type = ParquetType::Text;
  bool is_signed = true;  // of whole numbers
  int definition = 0;     // the level of a value that is there
  int repetition = 0;     // the level of an element of its innermost list
  bool says_text = true;  // of bytes: that they are text, and not any bytes
};

enum class ParquetNodeKind { Value, Object, List };

struct ParquetNode {
  ParquetNodeKind kind = ParquetNodeKind::Value;
  std::string name;
  int there = 0;                      // definition level from which on it is not null
  int filled = 0;                     // of a list: from which on it has an element
  int repeats = 0;                    // of a list: repetition level of elements after the first
  std::size_t leaf = 0;               // the first below it
  std::size_t leaves = 0;             // how many there are below it
  std::vector<ParquetNode> children;  // of an object; a list's one element
};

struct ParquetSchema {
  ParquetNode root;
  std::vector<ParquetLeaf> leaves;
};

// Lists of any of the forms that writers use become arrays, maps arrays of {"key", "value"}, other
// groups objects. Bytes without an annotation are taken for text, which some writers do not
// annotate. InputError naming the column: one of a type that is no text, number or truth value
// (dates, decimals, bytes of fixed length).
ParquetSchema parquet_schema(const std::vector<ParquetField>& fields, const std::string& file);

}  // namespace isoloss
